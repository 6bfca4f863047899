"""One job without any infrastructure: from media and options to messages and a pose log.

Only the pose log reaches the analysis: a recorded log is replayed first, and estimation goes on at
its end, so a job that another worker takes over, or that is analysed again, gives the same
messages. Decoders and models are imported when needed: analysing poses alone takes less time than
loading those libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from worker.contract.errors import ErrorCode, JobError
from worker.contract.exercises import unit_of
from worker.contract.jobs import Result
from worker.contract.media import MediaInfo, WarningCode
from worker.contract.messages import Entry
from worker.contract.options import JobOptions
from worker.contract.pose_log import END, SEGMENT_SECONDS
from worker.contract.poses import (
    LogHead,
    PoseChunk,
    decode_chunk,
    decode_head,
    encode_chunk,
    encode_head,
)
from worker.contract.reference_poses import ReferencePoses
from worker.media.sandbox.limits import MediaLimits
from worker.motion.analysis import Analysis
from worker.observability.metrics import STAGE_SECONDS, timed
from worker.pipeline.sampling import sampling_of

if TYPE_CHECKING:
    from worker.media.decoding.still import Still
    from worker.pipeline.estimation import VideoEstimator
    from worker.pose.engine import PoseEngine
    from worker.pose.interfaces import Estimation

LIMITS = MediaLimits()
AT_ONCE = 8
"""Chunks of a recorded log that are analysed in one step, to spread the fixed cost of a step."""

STILL_SIDE = 1280
"""Longest side in pixels of a still image whose pose is estimated."""


@dataclass(frozen=True)
class Step:
    """What is committed together: messages, and a new log entry with its number, -1 and empty if
    none."""

    entries: list[Entry]
    place: int = -1
    log: bytes = b""
    progress: float = 0.0


class Source(Protocol):
    """Gives the chunks after `previous`, which are not logged yet, the first as chunk `number`."""

    def chunks(self, previous: PoseChunk | None, number: int) -> Iterator[PoseChunk]: ...


class Pipeline:
    """Runs one job; `media` is known after the first step, `result` is final after the last.

    `path` may be None where `recorded` is a complete log; `engine` is used only for what has to be
    estimated. `reference` is the one that the options name. A new log has segments of `segment_s`
    seconds of media, and the frames of `sampling` where the options name none; `share` wraps the
    estimation of a video so that other workers take part.
    """

    def __init__(
        self,
        path: Path | None,
        options: JobOptions,
        engine: PoseEngine | None,
        recorded: Iterable[bytes] = (),
        limits: MediaLimits = LIMITS,
        reference: ReferencePoses | None = None,
        *,
        segment_s: float = SEGMENT_SECONDS,
        sampling: str = "auto",
        share: Callable[[VideoEstimator], Source] | None = None,
    ) -> None:
        self._segment_s = segment_s
        self._sampling = sampling
        self._share = share
        self._path = path
        self._reference = reference
        self._options = options
        self._engine = engine
        self._recorded = iter(recorded)
        self._limits = limits
        self._analysis: Analysis | None = None
        self._duration_us = 0.0
        self.media: MediaInfo | None = None
        self.frames = 0

    @property
    def result(self) -> Result:
        """Outcome of the analysis so far; raises RuntimeError before the first step."""
        if self._analysis is None:
            raise RuntimeError("the job has not begun")
        return self._analysis.result

    @cached_property
    def still(self) -> Still:
        """The picture of an image job, decoded at the first use; raises JobError."""
        from worker.media.decoding.still import read_still

        if self._path is None:
            raise JobError(ErrorCode.IMAGE_LOAD_ERROR, "There is no file.")
        return read_still(self._path)

    @property
    def warnings(self) -> tuple[WarningCode, ...]:
        """Warnings about the media; complete after the last step."""
        return self._running().warnings

    @property
    def next_id(self) -> int:
        """First part of an entry id that comes after those of all messages so far."""
        return self.frames + 1

    def steps(self) -> Iterator[Step]:
        """Runs the job, a chunk at a time, or AT_ONCE of a recorded log.

        Raises JobError where it cannot go on.
        """
        head, step = self._open()
        yield step
        place, complete = 1, False
        last: PoseChunk | None = None
        while not complete and (logged := list(islice(self._recorded, AT_ONCE))):
            complete = logged[-1] == END
            chunks = [decode_chunk(entry) for entry in logged if entry != END]
            if chunks:
                yield Step(self._feed(*chunks), progress=self._progress(chunks[-1]))
                place, last = place + len(chunks), chunks[-1]
        if not complete:
            for chunk in self._estimated(head, place - 1, last):
                entries = self._feed(chunk)
                yield Step(entries, place, encode_chunk(chunk), self._progress(chunk))
                place += 1
        analysis = self._running()
        yield Step(analysis.finish(), *((-1, b"") if complete else (place, END)), progress=1.0)

    def _open(self) -> tuple[LogHead, Step]:
        first = next(self._recorded, None)
        head = decode_head(first) if first is not None else self._new_head()
        self.media = head.media
        self._duration_us = max(head.media.duration_ms * 1000, 1.0)
        self._analysis = Analysis(head, self._options, self._reference)
        opening = self._analysis.start()
        if first is not None:
            return head, Step(opening)
        return head, Step(opening, 0, encode_head(head))

    def _new_head(self) -> LogHead:
        if self._path is None or self._engine is None:
            raise JobError(ErrorCode.VIDEO_LOAD_ERROR, "There are no poses and no file.")
        if self._options.source == "image":
            media = self.still.info
        else:
            from worker.media.probing.probe import probe

            media = _plain(probe(self._path, self._limits))
        models = (
            self._engine.landmarks()
            if self._options.blazepose
            else self._engine.profiled(self._options.profile)
        )
        environment = models.environment
        fallback = self._options.poseBackend == "webgl" and not environment.gpu
        return LogHead(
            media=media,
            environment=msgspec.structs.replace(environment, fallback=fallback),
            keypoints=models.keypoints,
            segment_s=0.0 if media.kind == "image" else self._segment_s,
            sampling=sampling_of(self._options, self._sampling),
        )

    def _estimated(self, head: LogHead, index: int, last: PoseChunk | None) -> Iterator[PoseChunk]:
        if self._path is None or self._engine is None:
            raise JobError(ErrorCode.VIDEO_LOAD_ERROR, "The pose log ends early.")
        models = self._engine.named(head.environment.model)
        if head.media.kind == "image":
            from worker.pose.tracking.subject_tracker import choice_of

            if index == 0:
                image = self.still.within(STILL_SIDE)
                yield models.estimate_image(image, choice_of(self._options.subject))
            return
        estimating = estimation(self._path, head, models, self._options, self._limits)
        source = self._share(estimating) if self._share else estimating
        yield from source.chunks(last, index)

    def _feed(self, *chunks: PoseChunk) -> list[Entry]:
        self.frames = chunks[-1].first + len(chunks[-1])
        analysis = self._running()
        with timed(STAGE_SECONDS, "motion"):
            entries = analysis.feed(*chunks)
        analysis.take_hud()  # nothing is drawn here, and they would pile up
        return entries

    def _progress(self, chunk: PoseChunk) -> float:
        return round(min(0.99, float(chunk.times_us[-1]) / self._duration_us), 3)

    def _running(self) -> Analysis:
        assert self._analysis is not None
        return self._analysis


def estimation(
    path: Path, head: LogHead, models: Estimation, options: JobOptions, limits: MediaLimits
) -> VideoEstimator:
    """The estimation of the video at `path`, with the segments of the log head."""
    from worker.pipeline.estimation import VideoEstimator
    from worker.pipeline.segments import Segments
    from worker.pose.tracking.subject_tracker import choice_of

    jump = unit_of(options.exercise) == "jumps"
    segments = Segments(head.segment_s, choice_of(options.subject))
    fastest = None if jump else 60.0
    return VideoEstimator(path, head.media, models, segments, limits, fastest, head.sampling)


def _plain(info: MediaInfo) -> MediaInfo:
    """The fields of the probe's result that the contract names."""
    return MediaInfo(**{name: getattr(info, name) for name in MediaInfo.__struct_fields__})
