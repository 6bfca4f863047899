"""Claims and estimates segments of a long video whose job another worker runs.

An error here does not fail the job: the segment is released, and the worker that runs the job
estimates it itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import msgspec
import structlog

from worker.contract.errors import JobError, ModelMissing
from worker.contract.jobs import SUPPORTED_JOB_VERSION, Job
from worker.contract.poses import PoseChunk, decode_head, encode_chunk
from worker.contract.queue_entries import entry_of, job_of_entry
from worker.jobs.faults import RecentFaults, classify_fault
from worker.jobs.heartbeat import Heartbeat
from worker.jobs.inputs import fetched_input, limits_of
from worker.media.sandbox.fork_client import forked_seconds
from worker.observability.log_setup import bind_job_context
from worker.observability.tracing import span
from worker.pipeline.estimation import DamagedSegment, SegmentStart, VideoEstimator
from worker.pipeline.pipeline import estimation
from worker.pose.engine import PoseEngine
from worker.queueing.dispatch import all_slots_busy, offer_segment
from worker.storage.clock import unix
from worker.storage.errors import Fenced, NotFound
from worker.storage.jobs.segments import SegmentClaim
from worker.storage.stores import Stores
from worker.system.scratch import scratch_folder
from worker.system.stall_watchdog import StallWatchdog

log = structlog.get_logger()


def cpu_seconds() -> float:
    """Returns the CPU seconds of this process, of its reaped children and of sandbox processes."""
    used = os.times()
    own = used.user + used.system + used.children_user + used.children_system
    return own + forked_seconds()


def estimate_segment(
    stores: Stores,
    part: SegmentClaim,
    estimating: VideoEstimator,
    *,
    meter: Callable[[], int] = lambda: 0,
) -> Generator[None]:
    """Estimates a claimed segment; yields after each chunk is stored.

    `meter` returns the CPU milliseconds since its last call. Raises Fenced where the claim is lost
    or the job has ended, DamagedSegment and JobError where the file cannot be read; the segment is
    released at any error.
    """
    store = stores.segments
    try:
        with Heartbeat(lambda: store.extend(part), store.ttl_s, part.job) as heartbeat:
            for found in estimating.segment(part.segment):
                if heartbeat.lost:
                    raise Fenced(part.job)
                if isinstance(found, SegmentStart):
                    store.put(part, "start", msgspec.json.encode(found), meter())
                elif isinstance(found, PoseChunk):
                    store.put(part, str(found.index), encode_chunk(found), meter())
                    yield
                else:
                    store.finish(part, "last" if found.last else "done", meter())
    except (DamagedSegment, JobError):
        store.shut(part.job)
        store.leave(part)
        raise
    except GeneratorExit:
        store.leave(part)
        raise
    except BaseException:
        store.leave(part, failed=True)
        raise


def run_segments(
    stores: Stores,
    entry: str,
    engine: Callable[[], PoseEngine],
    stopping: Callable[[], bool] = lambda: False,
    outcomes: RecentFaults | None = None,
) -> int:
    """Estimates open segments of a job until none is left or the time slice is over.

    `entry` is the queue entry of an offered segment. Returns the number of segments. Errors are
    logged, and recorded in `outcomes` if they are faults of this worker.
    """
    try:
        job = stores.jobs.get(str(job_of_entry(entry)))
    except NotFound:
        return 0
    if job.version > SUPPORTED_JOB_VERSION:
        return 0
    stores.fair_queue.mark_running(job.tenant, entry)
    with bind_job_context(job.id, job.tenant, job.attempt, job.trace):
        return _help(stores, job, engine, stopping, outcomes)


def _help(
    stores: Stores,
    job: Job,
    engine: Callable[[], PoseEngine],
    stopping: Callable[[], bool],
    outcomes: RecentFaults | None,
) -> int:
    done = 0
    try:
        with (
            span("job.segments", job.trace, kind="CONSUMER", job=job.id, tenant=job.tenant),
            scratch_folder(stores.settings.scratch_dir) as scratch,
            StallWatchdog(stores.settings.stall_s) as watchdog,
        ):
            helper = SegmentWorker(stores, job, engine, stopping, scratch, watchdog.touch)
            while helper.one():
                done += 1
    except Fenced:
        log.info("segment_not_wanted")
    except Exception as error:  # the worker that runs the job handles it
        log.warning("segment_failed", error=repr(error))
        if outcomes and (fault := classify_fault(error)):
            outcomes.record(fault)
    if done:
        log.info("segments_estimated", count=done)
    return done


class SegmentWorker:
    """Estimates segments of one job; the video and the models are loaded with the first."""

    def __init__(
        self,
        stores: Stores,
        job: Job,
        engine: Callable[[], PoseEngine],
        stopping: Callable[[], bool],
        scratch: Path,
        progress: Callable[[], None],
    ) -> None:
        self.stores = stores
        self.job = job
        self._engine = engine
        self._stopping = stopping
        self._scratch = scratch
        self._progress = progress
        self._estimating: VideoEstimator | None = None
        self._spent_s = cpu_seconds()

    def check(self) -> None:
        """Raises Fenced if the job is canceled or late, or the worker is to stop."""
        self._progress()
        deadline = self.job.deadlineAt
        late = deadline is not None and unix(deadline) < self.stores.clock()
        if late or self._stopping() or self.stores.jobs.cancel_asked(self.job.id):
            raise Fenced(self.job.id)

    def one(self) -> bool:
        """Claims and estimates a segment; returns False if none is open or the slice is over."""
        if self._estimating is not None and self._end_time_slice():
            return False
        part = self.stores.segments.claim(self.job.id)
        if part is None:
            return False
        log.info("segment_claimed", job=self.job.id, segment=part.segment)
        if part.more is not None:
            offer_segment(self.stores, self.job, entry_of(self.job.id, part.more))
        try:
            estimating = self._prepared()
        except ModelMissing:
            self.stores.segments.leave(part)  # others may have the model
            raise
        except BaseException:
            self.stores.segments.leave(part, failed=True)
            raise
        for _ in estimate_segment(self.stores, part, estimating, meter=self._lap):
            self.check()
        return True

    def _end_time_slice(self) -> bool:
        others = self.stores.fair_queue.should_preempt(self.job)
        return others and all_slots_busy(self.stores, self.job.queue)

    def _prepared(self) -> VideoEstimator:
        if self._estimating is None:
            path = fetched_input(self, self._scratch)
            head = decode_head(next(self.stores.poses.read(self.job.id)))
            models = self._engine().named(head.environment.model)
            limits = limits_of(self.stores, self.job)
            self._estimating = estimation(path, head, models, self.job.options, limits)
        return self._estimating

    def _lap(self) -> int:
        before, self._spent_s = self._spent_s, cpu_seconds()
        return round((self._spent_s - before) * 1000)
