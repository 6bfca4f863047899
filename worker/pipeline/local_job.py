"""A job in this process, without servers: for `analyze` and tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.contract.errors import ErrorCode, JobError
from worker.contract.messages import Done, Entry, ErrorMessage, ExportReady, Message
from worker.contract.options import JobOptions
from worker.contract.reference_poses import ReferencePoses
from worker.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from worker.pose.engine import PoseEngine

FOREVER = "9999-12-31T23:59:59Z"
"""Expiry of a local file, which has none."""


class LocalJob:
    """Runs a job; `log` grows with its pose log, `succeeded` is known after the last message.

    `export_to` maps names of files (`worker.exports.files`) to the paths to write them to.
    """

    def __init__(
        self,
        path: Path | None,
        options: JobOptions,
        engine: Callable[[], PoseEngine],
        *,
        recorded: Iterable[bytes] = (),
        export_to: Mapping[str, Path] = MappingProxyType({}),
        threads: int = 1,
        reference: ReferencePoses | None = None,
    ) -> None:
        self._path = path
        self._options = options
        self._engine = engine
        self._recorded = list(recorded)
        self._export_to = export_to
        self._threads = threads
        self._reference = reference
        self.log: list[bytes] = list(self._recorded)
        self.succeeded = False

    def messages(self, progress: Callable[[float], None] = lambda _: None) -> Iterator[Entry]:
        """All messages to `done`; a failure of the job is an `error` among them, not an
        exception."""
        place, count, failure = 0, 0, None
        try:
            for entry in self._steps(progress):
                place, count = int(entry.id.split("-")[0]), count + 1
                yield entry
        except JobError as error:
            failure = error
            said = ErrorMessage(code=error.code, message=error.message, details=error.details)
            count += 1
            yield Entry(f"{place + 1}-1", said)
        self.succeeded = failure is None
        detail = {"code": failure.code.value, "message": failure.message} if failure else None
        canceled = failure is not None and failure.code is ErrorCode.CANCELED
        status = "canceled" if canceled else "failed" if failure else "succeeded"
        yield Entry(f"{place + 1}-2", Done(status=status, messages=count, error=detail))  # type: ignore[arg-type]

    def _steps(self, progress: Callable[[float], None]) -> Iterator[Entry]:
        engine = None if self._recorded else self._engine()
        pipeline = Pipeline(
            self._path, self._options, engine, self._recorded, reference=self._reference
        )
        for step in pipeline.steps():
            if step.log:
                self.log.append(step.log)
            yield from step.entries
            progress(step.progress)
        for number, message in enumerate(self._pictures(pipeline), 1):
            yield Entry(f"{pipeline.next_id + 1}-{number}", message)

    def _pictures(self, pipeline: Pipeline) -> Iterator[Message]:
        # imported here: their libraries are slow to load, and most jobs have no pictures
        if self._options.source == "image" and self._path is not None:
            from worker.exports.overlay_image import render_image

            yield render_image(pipeline.still.image, self.log, self._options)
        elif self._export_to and self._options.source == "video":
            yield from self._files()

    def _files(self) -> Iterator[Message]:
        from worker.exports.files import FILES, ExportContext

        material = ExportContext(
            log=lambda: self.log,
            options=self._options,
            media=self._path,
            reference=self._reference,
            threads=self._threads,
        )
        for file in FILES:
            out = self._export_to.get(file.name)
            if out is None:
                continue
            loss = file.make(material, out)
            yield ExportReady(
                url=out.resolve().as_uri(),
                mimeType=file.mime_type,
                kind=file.kind,
                bytes=out.stat().st_size,
                expiresAt=FOREVER,
                audio=False if loss else None,
                audioLoss=loss,
            )
