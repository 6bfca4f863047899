"""A job under a lease: checks whether it may go on, and all writes while the lease is valid."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
import structlog

from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Export, Job, JobStatus, Stage
from worker.contract.messages import (
    Entry,
    ExportReady,
    ImageOverlay,
    KeypointsBatch,
    Message,
    encoded_pieces,
    encoded_size,
    type_of,
)
from worker.jobs.heartbeat import Heartbeat
from worker.lifecycle.archive import read_poses, store_pieces
from worker.lifecycle.completion import complete_job
from worker.queueing.dispatch import all_slots_busy
from worker.storage.clock import unix
from worker.storage.connection import REFUSING
from worker.storage.errors import Fenced
from worker.storage.jobs.streams import Row, rows_of
from worker.storage.objects.object_keys import job_prefix
from worker.storage.queue.fair_queue import LATER
from worker.storage.stores import Stores

log = structlog.get_logger()

T = TypeVar("T")
_REFUSED_S = 0.5
SLOWEST = 60.0
"""Seconds that a second of media may take in one attempt: a core of a small machine takes a tenth
of that with the most exact profile. The stall watchdog ends a job without progress long before."""


class WorkerStopping(Exception):
    """Raised when the worker is to stop; another one continues the job."""


class Preempted(Exception):
    """Raised when the job's time slice is over; it continues in the next slice of its tenant."""


class LeasedJob:
    """One job under one lease; all writes raise Fenced once the lease is lost.

    `token` is the lease's fencing token; `stopping` returns whether the worker is to stop;
    `progress` is called at each check, for the stall watchdog.
    """

    def __init__(
        self,
        stores: Stores,
        job: Job,
        token: int,
        heartbeat: Heartbeat,
        stopping: Callable[[], bool],
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.stores = stores
        self.job = job
        self.token = token
        self.prefix = job_prefix(job.tenant, job.id)
        self.exports = job.exports
        self._heartbeat = heartbeat
        self._stopping = stopping
        self._progress = progress
        self._began = time.monotonic()
        # once, as clocks of workers may be wrong and Redis may not answer later
        left_s = math.inf if job.deadlineAt is None else unix(job.deadlineAt) - stores.clock()
        self._deadline = self._began + left_s
        self.media_s = job.media.duration_ms / 1000 if job.media else 0.0

    def check(self) -> None:
        """Checks between batches whether the work may go on.

        Raises JobError `canceled`, `deadline_exceeded` or `internal` (time limit), Fenced, or
        WorkerStopping.
        """
        self.check_cancelled()
        self.check_lease_and_deadline()

    def check_cancelled(self) -> None:
        """Raises JobError `canceled` if a cancellation was requested; asks Redis."""
        if self.stores.jobs.cancel_asked(self.job.id):
            raise JobError(ErrorCode.CANCELED, "The job was canceled.")

    def check_lease_and_deadline(self) -> None:
        """Raises as `check`, except for cancellations; does not block."""
        self._progress()
        if self._heartbeat.lost:
            raise Fenced(self.job.id)
        if time.monotonic() > self._deadline:
            raise JobError(ErrorCode.DEADLINE_EXCEEDED, "The job's deadline has passed.")
        limit_s = max(self.stores.settings.job_time_limit_s, SLOWEST * self.media_s)
        if time.monotonic() - self._began > limit_s:
            text = f"The job took more than {limit_s:g} s in one attempt."
            raise JobError(ErrorCode.INTERNAL, text)
        if self._stopping():
            raise WorkerStopping(self.job.id)

    def preempt_if_due(self) -> None:
        """Raises Preempted, between segments, if another tenant is due and no worker is free."""
        waiting = self.stores.fair_queue
        if waiting.should_preempt(self.job) and all_slots_busy(self.stores, self.job.queue):
            raise Preempted(self.job.id)

    def periodic_check(self, duration_ms: float = 0.0) -> Callable[[int], None]:
        """Returns a callback for work frame by frame, which is given media times in µs.

        It calls `check` every second and writes the share of `duration_ms` done to the record, as
        `exportProgress`.
        """
        last = time.monotonic()

        def report(time_us: int) -> None:
            nonlocal last
            if time.monotonic() - last >= 1:
                last = time.monotonic()
                self.check()
                if duration_ms > 0:
                    share = round(min(time_us / 1000 / duration_ms, 1.0), 3)
                    self.commit([], {"exportProgress": share})

        return report

    def log(self) -> list[bytes]:
        """Returns the entries of the job's pose log so far."""
        return read_poses(self.stores, self.job.tenant, self.job.id)

    def commit(
        self,
        rows: Sequence[Row],
        fields: dict[str, Any],
        place: int = 0,
        log: Sequence[bytes] = (),
    ) -> None:
        """Commits pose log entries from index `place` on, messages and fields of the record."""
        given: dict[str, Any] = {"rows": rows, "place": place, "log": log, "fields": fields}
        self._unless_refused(lambda: self.stores.leases.commit(self.job.id, self.token, **given))

    def claim_check(self, message: KeypointsBatch | ImageOverlay) -> Message:
        """Returns `message`, or a claim check (URL and size) if it is too large for a stream.

        The message is stored as an object then. Raises Fenced, StoreUnavailable.
        """
        size = encoded_size(message)
        if size <= self.stores.settings.inline_bytes:
            return message
        if self._heartbeat.lost:
            raise Fenced(self.job.id)
        key = f"{self.prefix}{type_of(message)}.json"
        store_pieces(self.stores, key, encoded_pieces(message), "application/json")
        url = self.stores.objects.presign_get(key, self.stores.settings.stream_url_ttl_s)
        if isinstance(message, KeypointsBatch):
            return KeypointsBatch(fps=message.fps, url=url, bytes=size)
        return ImageOverlay(url=url, bytes=size)

    def add_export(self, made: Export, ready: ExportReady) -> None:
        """Commits a finished export and its message atomically."""
        (head, tail), _ = self.stores.streams.end(self.job.id)
        exports = (*self.exports, made)
        self.commit(rows_of([Entry(f"{head}-{tail}", ready)]), {"exports": exports})
        self.exports = exports

    def close(self, fields: dict[str, Any], *before: Message) -> None:
        """Ends the job as succeeded, with messages `before` right before `done`."""
        given = self.stores, self.job, self.token, JobStatus.SUCCEEDED
        self._unless_refused(lambda: complete_job(*given, before=before, fields=fields))

    def enqueue_export(self, fields: dict[str, Any]) -> None:
        """Releases the job to the export queue, so that GPU workers do not spend time encoding.

        The export goes on with this attempt.
        """
        self.job = msgspec.structs.replace(self.job, stage=Stage.EXPORT)
        self._release(
            self.job.waits_in, same_attempt=True, fields={**fields, "stage": Stage.EXPORT}
        )

    def release(self, *, same_attempt: bool, later: bool = False) -> None:
        """Releases the job to its position in the tenant's queue, or queues it `later`, after a
        back-off; does nothing if the lease is lost.

        `same_attempt`: whoever continues it does not count as a new attempt.
        """
        with contextlib.suppress(Fenced):
            self._release(LATER if later else self.job.waits_in, same_attempt=same_attempt)

    def _release(self, queue: str, **more: Any) -> None:
        most = self.stores.settings.limits(self.job.plan).runningJobs
        given = self.job, self.token, queue, most
        self._unless_refused(lambda: self.stores.leases.release(*given, **more))

    def _unless_refused(self, write: Callable[[], T]) -> T:
        """Returns the result of `write`, which is retried while Redis refuses writes.

        A refused write has no effect. Raises what `write` raises, and the refusal once the lease
        is lost.
        """
        while True:
            try:
                return write()
            except REFUSING as error:
                if self._heartbeat.lost:
                    raise
                log.warning("write_refused", job=self.job.id, error=str(error))
                time.sleep(_REFUSED_S)

    def fail(self, error: JobError) -> None:
        """Ends the job with an error; does nothing if the lease is lost."""
        canceled = error.code is ErrorCode.CANCELED
        status = JobStatus.CANCELED if canceled else JobStatus.FAILED
        with contextlib.suppress(Fenced):
            given = self.stores, self.job, self.token, status
            self._unless_refused(lambda: complete_job(*given, error=error))
