"""One job with infrastructure: lease, fetch, pipeline, publish, export, finish."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from worker.app import queue_of, send_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Export, Job, JobStatus, Stage, Usage
from worker.contract.messages import (
    Entry,
    ExportReady,
    ImageOverlay,
    KeypointsBatch,
    Message,
    encode,
    type_of,
)
from worker.contract.poses import END
from worker.exporting import render_image, render_video
from worker.fetch import fetch_url
from worker.heartbeat import Heartbeat
from worker.media.limits import MediaLimits
from worker.pipeline import Pipeline, Step
from worker.pose.engine import PoseEngine
from worker.store.archive import read_poses
from worker.store.bundle import Stores
from worker.store.closing import close_job
from worker.store.connection import DISCONNECTED
from worker.store.errors import Fenced, NotFound, StoreUnavailable
from worker.store.objects import job_prefix

log = structlog.get_logger()


class Handover(Exception):
    """The worker is told to stop; the job goes on elsewhere."""


class Runner:
    """Runs jobs of one worker process.

    `engine` opens the models at the first use; `stopping` tells that the worker is to end.
    """

    def __init__(
        self,
        stores: Stores,
        engine: Callable[[], PoseEngine],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stores = stores
        self._engine = engine
        self._stopping = stopping

    def run(self, job_id: str) -> None:
        """Runs a job if nobody else does; raises nothing that a retry could not mend."""
        claim = self._stores.leases.claim(job_id)
        bound = log.bind(job=job_id, attempt=claim.attempt)
        if not claim.token:
            bound.info("job_not_taken", why=claim.outcome)
            return
        job = self._stores.jobs.get(job_id)
        with Heartbeat(self._stores.leases, job_id, claim.token) as heartbeat:
            run = _Run(self._stores, job, claim.token, heartbeat, self._engine, self._stopping)
            try:
                if claim.outcome == "lost":
                    lost = "The job was given up: its workers died again and again."
                    raise JobError(ErrorCode.WORKER_LOST, lost)
                run.work()
                bound.info("job_stage_done", stage=job.stage)
            except Fenced:
                bound.warning("job_taken_over")
            except Handover:
                run.hand_over()
                bound.info("job_handed_over")
            except (StoreUnavailable, *DISCONNECTED) as error:
                run.put_back()
                bound.warning("store_unavailable", error=str(error))
            except JobError as error:
                run.fail(error)
                bound.info("job_failed", code=error.code)
            except Exception:
                bound.exception("job_broken")
                run.fail(JobError(ErrorCode.INTERNAL, "The job failed for a reason of ours."))


class _Run:
    """One claimed job."""

    def __init__(
        self,
        stores: Stores,
        job: Job,
        token: int,
        heartbeat: Heartbeat,
        engine: Callable[[], PoseEngine],
        stopping: Callable[[], bool],
    ) -> None:
        self._stores = stores
        self._job = job
        self._token = token
        self._heartbeat = heartbeat
        self._engine = engine
        self._stopping = stopping
        self._prefix = job_prefix(job.tenant, job.id)

    def work(self) -> None:
        """The stage that is next."""
        self._check()
        self._relay()
        with tempfile.TemporaryDirectory(
            prefix="posequeue-", dir=self._stores.settings.scratch_dir, ignore_cleanup_errors=True
        ) as scratch:
            if self._job.stage is Stage.EXPORT:
                self._export(Path(scratch))
            else:
                self._analyse(Path(scratch))

    def fail(self, error: JobError) -> None:
        """Ends the job with an error; a job that is not ours any more is left alone."""
        canceled = error.code is ErrorCode.CANCELED
        status = JobStatus.CANCELED if canceled else JobStatus.FAILED
        with contextlib.suppress(Fenced):
            close_job(self._stores, self._job, self._token, status, error=error)

    def hand_over(self) -> None:
        """Lets go of the job and has another worker take it at once."""
        with contextlib.suppress(Fenced):
            self._stores.jobs.requeue(self._job.id)
            self._stores.leases.commit(self._job.id, self._token, release=True)
            queue = queue_of(self._job.stage, self._job.queue)
            send_job(self._job.id, queue, self._job.priority)

    def put_back(self) -> None:
        """Lets go of the job; a sweep sends it again once it has waited."""
        with contextlib.suppress(Fenced):
            self._stores.jobs.requeue(self._job.id)
            self._stores.leases.commit(self._job.id, self._token, release=True)

    def _check(self) -> None:
        """Between batches: may the work go on?"""
        if self._heartbeat.lost:
            raise Fenced(self._job.id)
        if self._stores.jobs.cancel_asked(self._job.id):
            raise JobError(ErrorCode.CANCELED, "The job was canceled.")
        deadline = self._job.deadlineAt
        if deadline and datetime.fromisoformat(deadline) < datetime.now(UTC):
            raise JobError(ErrorCode.DEADLINE_EXCEEDED, "The job's deadline has passed.")
        if self._stopping():
            raise Handover(self._job.id)

    def _relay(self) -> None:
        self._stores.streams.relay(self._job.id, self._job.tenant, self._job.options.firehose)

    def _analyse(self, scratch: Path) -> None:
        began = time.process_time()
        again = self._job.input.posesOf is not None
        path = None if again and self._job.source == "video" else self._fetched(scratch)
        settings = self._stores.settings
        limits = MediaLimits(
            max_bytes=settings.max_upload_bytes,
            max_duration_s=settings.max_duration_s,
            max_pixels=settings.max_pixels,
        )
        recorded = list(self._stores.poses.read(self._job.id))
        if again:
            recorded = self._borrowed(recorded)
        engine = None if again else self._engine()
        pipeline = Pipeline(path, self._job.options, engine, recorded, limits)
        for step in pipeline.steps():
            self._commit(step, {"progress": step.progress, "media": pipeline.media})
            self._check()
        media_s = pipeline.media.duration_ms / 1000 if pipeline.media else 0.0
        compute_s = round(time.process_time() - began, 3)
        outcome: dict[str, Any] = {
            "result": pipeline.result,
            "usage": Usage(mediaSeconds=round(media_s, 3), computeSeconds=compute_s),
        }
        if self._job.source == "image" and path is not None:
            overlay = self._claim_check(render_image(path, self._log(), self._job.options))
            self._close(outcome, overlay)
        elif self._job.options.export:
            self._pass_on(outcome)
        else:
            self._close(outcome)

    def _borrowed(self, recorded: list[bytes]) -> list[bytes]:
        """The pose log of another job, copied so that erasing that one harms nothing."""
        log_of = read_poses(self._stores, self._job.tenant, self._job.input.posesOf or "")
        if not log_of or log_of[-1] != END:
            raise self._unloadable("The poses to analyse are not there any more.")
        for place in range(len(recorded), len(log_of)):
            entry = log_of[place]
            self._stores.leases.commit(self._job.id, self._token, place=place, log=entry)
        return log_of

    def _fetched(self, scratch: Path) -> Path:
        """The upload as a local file; raises JobError where it cannot be had."""
        path = scratch / "input"
        given, settings = self._job.input, self._stores.settings
        if given.key is not None:
            try:
                self._stores.objects.fetch(given.key, path)
            except NotFound as error:
                raise self._unloadable("The upload is not there.") from error
        elif given.url is not None:
            fetch_url(
                given.url,
                path,
                self._job.source,
                settings.max_upload_bytes,
                allow_private=settings.allow_private_urls,
            )
        else:
            raise self._unloadable("The job has no input.")
        return path

    def _unloadable(self, text: str) -> JobError:
        image = self._job.source == "image"
        code = ErrorCode.IMAGE_LOAD_ERROR if image else ErrorCode.VIDEO_LOAD_ERROR
        return JobError(code, text)

    def _log(self) -> list[bytes]:
        return read_poses(self._stores, self._job.tenant, self._job.id)

    def _commit(self, step: Step, fields: dict[str, Any]) -> None:
        entries = [
            Entry(entry.id, self._claim_check(entry.message))
            if isinstance(entry.message, KeypointsBatch)
            else entry
            for entry in step.entries
        ]
        self._stores.leases.commit(
            self._job.id, self._token, entries, place=step.place, log=step.log, fields=fields
        )
        if entries:
            self._relay()

    def _claim_check(self, message: KeypointsBatch | ImageOverlay) -> Message:
        """The message itself, or a claim check on it where it is too large for a stream."""
        whole = encode(message)
        if len(whole) <= self._stores.settings.inline_bytes:
            return message
        key = f"{self._prefix}{type_of(message)}.json"
        self._stores.objects.put(key, whole, "application/json")
        url = self._stores.objects.presign_get(key, self._stores.settings.stream_url_ttl_s)
        if isinstance(message, KeypointsBatch):
            return KeypointsBatch(fps=message.fps, url=url, bytes=len(whole))
        return ImageOverlay(url=url, bytes=len(whole))

    def _close(self, fields: dict[str, Any], *before: Message) -> None:
        close_job(
            self._stores,
            self._job,
            self._token,
            JobStatus.SUCCEEDED,
            before=before,
            fields=fields,
        )

    def _pass_on(self, fields: dict[str, Any]) -> None:
        """The rest is for an export worker: GPUs never encode."""
        self._stores.jobs.requeue(self._job.id)
        self._stores.leases.commit(
            self._job.id, self._token, fields={**fields, "stage": Stage.EXPORT}, release=True
        )
        send_job(self._job.id, "export", self._job.priority)

    def _export(self, scratch: Path) -> None:
        path, out = self._fetched(scratch), scratch / "overlay.mp4"
        render_video(path, self._log(), self._job.options, out, self._stores.settings.threads)
        self._check()
        # a late worker writes beside the file that counts, never over it
        key = f"{self._prefix}exports/{self._token}-video.mp4"
        size = self._stores.objects.put_file(key, out, "video/mp4")
        export = Export(kind="video", key=key, mimeType="video/mp4", bytes=size)
        ttl_s = self._stores.settings.stream_url_ttl_s
        expires = datetime.now(UTC) + timedelta(seconds=ttl_s)
        ready = ExportReady(
            url=self._stores.objects.presign_get(key, ttl_s),
            mimeType=export.mimeType,
            kind=export.kind,
            bytes=size,
            expiresAt=expires.isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
        self._close({"exports": [export]}, ready)
