"""A claimed job: whether it may go on, and everything that is written of it while it is ours."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

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
from worker.lifecycle.completion import complete_job, next_entry_id
from worker.queueing.dispatch import all_slots_busy
from worker.queueing.queues import queue_of, send_job
from worker.storage.errors import Fenced
from worker.storage.jobs.streams import Row, rows_of
from worker.storage.objects.s3 import job_prefix
from worker.storage.stores import Stores


class WorkerStopping(Exception):
    """The worker is told to stop; the job goes on elsewhere."""


class Preempted(Exception):
    """Others wait whose turn it is; the job goes on at its next one."""


class LeasedJob:
    """One job under one lease; every write raises Fenced once the lease is another's."""

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

    def check(self) -> None:
        """Between batches: may the work go on?"""
        self.check_cancelled()
        self.check_lease_and_deadline()

    def check_cancelled(self) -> None:
        """Whether the job is still wanted: the part that asks Redis."""
        if self.stores.jobs.cancel_asked(self.job.id):
            raise JobError(ErrorCode.CANCELED, "The job was canceled.")

    def check_lease_and_deadline(self) -> None:
        """Whether this worker may go on: the part that waits for nothing."""
        self._progress()
        if self._heartbeat.lost:
            raise Fenced(self.job.id)
        deadline = self.job.deadlineAt
        if deadline and datetime.fromisoformat(deadline) < datetime.now(UTC):
            raise JobError(ErrorCode.DEADLINE_EXCEEDED, "The job's deadline has passed.")
        if self._stopping():
            raise WorkerStopping(self.job.id)

    def preempt_if_due(self) -> None:
        """Between segments: raises Preempted where another tenant is due and no worker is free."""
        waiting = self.stores.waiting
        if waiting.should_preempt(self.job) and all_slots_busy(self.stores, self.job.queue):
            raise Preempted(self.job.id)

    def periodic_check(self, duration_ms: float = 0.0) -> Callable[[int], None]:
        """For work that goes frame by frame: a check every second, which tells in the record how
        far it is in media of `duration_ms`."""
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

    def publish_backlog(self) -> None:
        """Tells the firehose that the job is begun, and what a dead worker may have left."""
        self.stores.streams.started(self.job)
        self.stores.streams.relay(self.job.id, self.job.tenant, self.job.options.firehose)

    def log(self) -> list[bytes]:
        """The job's pose log so far."""
        return read_poses(self.stores, self.job.tenant, self.job.id)

    def commit(
        self, rows: Sequence[Row], fields: dict[str, Any], place: int = -1, log: bytes = b""
    ) -> None:
        """A log entry and messages, and fields of the record, all or nothing; then the firehose."""
        added = self.stores.leases.commit_rows(
            self.job.id, self.token, rows, place=place, log=log, fields=fields
        )
        # a replay's first entries were there, and relayed, already
        new = rows[len(rows) - added :]
        wanted = self.job.options.firehose
        self.stores.streams.pass_on(self.job.id, self.job.tenant, wanted, new)

    def claim_check(self, message: KeypointsBatch | ImageOverlay) -> Message:
        """The message itself, or a claim check on it where it is too large for a stream."""
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
        """A finished export and its message, both or neither."""
        head, tail = next_entry_id(self.stores, self.job.id)
        exports = (*self.exports, made)
        self.commit(rows_of([Entry(f"{head}-{tail}", ready)]), {"exports": exports})
        self.exports = exports

    def close(self, fields: dict[str, Any], *before: Message) -> None:
        """The job succeeded; `before` comes right before `done`."""
        complete_job(
            self.stores,
            self.job,
            self.token,
            JobStatus.SUCCEEDED,
            before=before,
            fields=fields,
        )

    def enqueue_export(self, fields: dict[str, Any]) -> None:
        """The rest is for an export worker: GPUs never encode."""
        self.stores.jobs.requeue(self.job.id)
        self.stores.leases.commit(
            self.job.id, self.token, fields={**fields, "stage": Stage.EXPORT}, release=True
        )
        send_job(self.job.id, "export", self.job.priority)

    def release_for_shutdown(self) -> None:
        """Lets go of the job and has another worker take it at once."""
        with contextlib.suppress(Fenced):
            self.stores.jobs.requeue(self.job.id)
            self.stores.leases.commit(self.job.id, self.token, release=True)
            queue = queue_of(self.job.stage, self.job.queue)
            send_job(self.job.id, queue, self.job.priority)

    def requeue_fairly(self) -> None:
        """Lets go of the job, which waits for the next turn of its tenant."""
        with contextlib.suppress(Fenced):
            self.stores.jobs.requeue(self.job.id)
            self.stores.leases.pause(self.job.id, self.token)
            most = self.stores.settings.limits(self.job.plan).runningJobs
            self.stores.waiting.push([self.job], most)

    def release_for_retry(self, *, counted: bool = True) -> None:
        """Lets go of the job; a sweep sends it again once it has waited. Not `counted`, the next
        attempt has this one's number."""
        with contextlib.suppress(Fenced):
            self.stores.jobs.requeue(self.job.id)
            if counted:
                self.stores.leases.commit(self.job.id, self.token, release=True)
            else:
                self.stores.leases.pause(self.job.id, self.token)

    def fail(self, error: JobError) -> None:
        """Ends the job with an error; a job that is not ours any more is left alone."""
        canceled = error.code is ErrorCode.CANCELED
        status = JobStatus.CANCELED if canceled else JobStatus.FAILED
        with contextlib.suppress(Fenced):
            complete_job(self.stores, self.job, self.token, status, error=error)
