"""Segments of a long video that another worker runs: claimed, estimated, and left for it.

What fails here is not the job's to suffer: the segment is given back, and the worker that runs the
job finds out by itself when it comes there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from worker.contract.errors import JobError
from worker.contract.jobs import SUPPORTED_JOB_VERSION, Job
from worker.contract.poses import PoseChunk, decode_head, encode_chunk
from worker.contract.segment_ids import entry_of, job_of_entry
from worker.jobs.faults import classify_fault
from worker.jobs.heartbeat import Heartbeat
from worker.jobs.inputs import fetched_input, limits_of
from worker.jobs.recent_faults import RecentFaults
from worker.media.sandbox.fork_client import forked_seconds
from worker.observability.log_setup import bind_job_context
from worker.observability.tracing import span
from worker.pipeline.estimation import DamagedSegment, SegmentStart, VideoEstimator
from worker.pipeline.pipeline import estimation
from worker.pose.engine import PoseEngine
from worker.queueing.dispatch import all_slots_busy, offer_segment
from worker.storage.errors import Fenced, NotFound
from worker.storage.jobs.segments import SegmentClaim
from worker.storage.stores import Stores
from worker.system.scratch import scratch_folder
from worker.system.stall_watchdog import StallWatchdog

log = structlog.get_logger()


def cpu_seconds() -> float:
    """Processor time of this process, of the children it waited for and of those forked for it."""
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
    """Estimates a claimed segment; yields after each of its chunks is left in the store.

    `meter` gives the processor milliseconds since it was last asked. Raises Fenced where the
    segment or the job is not ours any more, Damaged and JobError where the file cannot be read;
    the segment is given back whatever is raised.
    """
    store = stores.parts
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
    """A turn of a job whose segments are offered: claims and estimates them while any is open and
    it is nobody else's turn. Returns how many; raises nothing of what went wrong, and tells
    `outcomes` of what is a fault of this worker's own."""
    try:
        job = stores.jobs.get(str(job_of_entry(entry)))
    except NotFound:
        return 0
    if job.version > SUPPORTED_JOB_VERSION:
        return 0
    stores.waiting.mark_running(job.tenant, entry)
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
            StallWatchdog(stores.settings.stall_s) as patience,
        ):
            helper = SegmentWorker(stores, job, engine, stopping, scratch, patience.touch)
            while helper.one():
                done += 1
    except Fenced:
        log.info("segment_not_wanted")
    except Exception as error:  # the one that runs the job finds out
        log.warning("segment_failed", error=repr(error))
        if outcomes and (fault := classify_fault(error)):
            outcomes.record(fault)
    if done:
        log.info("segments_estimated", count=done)
    return done


class SegmentWorker:
    """Works on segments of one job; what it needs is fetched with the first."""

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
        """Raises Fenced where the job is not to go on, or the worker is to stop."""
        self._progress()
        deadline = self.job.deadlineAt
        late = deadline is not None and datetime.fromisoformat(deadline) < datetime.now(UTC)
        if late or self._stopping() or self.stores.jobs.cancel_asked(self.job.id):
            raise Fenced(self.job.id)

    def one(self) -> bool:
        """Claims a segment and estimates it; False where none is open or the turn is over."""
        if self._estimating is not None and self._turn_over():
            return False
        part = self.stores.parts.claim(self.job.id)
        if part is None:
            return False
        log.info("segment_claimed", job=self.job.id, segment=part.segment)
        if part.more is not None:
            offer_segment(self.stores, self.job, entry_of(self.job.id, part.more))
        try:
            estimating = self._prepared()
        except BaseException:
            self.stores.parts.leave(part, failed=True)
            raise
        for _ in estimate_segment(self.stores, part, estimating, meter=self._lap):
            self.check()
        return True

    def _turn_over(self) -> bool:
        others = self.stores.waiting.should_preempt(self.job)
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
