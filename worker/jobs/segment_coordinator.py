"""Yields the chunks of a long video in order while other workers estimate some of its segments.

Used by the worker that runs the job. It estimates segments in order as long as they are free. While
another worker has the next one, it estimates a later segment itself, and yields the chunks that
have arrived in between.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import msgspec
import structlog

from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job
from worker.contract.poses import PoseChunk, decode_chunk
from worker.contract.queue_entries import entry_of
from worker.jobs.leased_job import LeasedJob
from worker.jobs.segment_worker import estimate_segment
from worker.pipeline.estimation import DamagedSegment, SegmentStart, VideoEstimator
from worker.queueing.dispatch import offer_segment
from worker.storage.errors import Fenced
from worker.storage.jobs.segments import SegmentView

log = structlog.get_logger()

_LOOK_S = 0.1
_CHECK_S = 1.0


def can_share_segments(job: Job) -> bool:
    """Returns whether other workers can read the job's video too: it must be in S3, as a URL may
    work only once."""
    given = job.input
    stored = given.key is not None or (given.url or "").startswith("s3://")
    return job.source == "video" and stored and given.referenceId is None and not given.posesOf


class SegmentCoordinator:
    """Yields the chunks of one job after those in its pose log; `own` estimates on this worker."""

    def __init__(self, leased: LeasedJob, own: VideoEstimator) -> None:
        self._leased = leased
        self._own = own
        self._parts = leased.stores.segments
        self._id = leased.job.id
        self._count = own.segments.count(own.duration_us)
        self._previous: PoseChunk | None = None
        self._number = self._segment = self._base = 0
        self._over = self._refused = False
        self._checked = time.monotonic()

    def chunks(self, previous: PoseChunk | None, number: int) -> Iterator[PoseChunk]:
        """Yields all chunks after `previous`, numbered from `number`.

        Raises Preempted, Fenced and JobError.
        """
        if self._count == 1:
            yield from self._own.chunks(previous, number)
            return
        self._previous, self._number = previous, number
        if previous is not None:
            self._segment = self._own.segments.of_chunk(previous)
        self._base = self._parts.open(self._id, self._count, self._segment, number)
        self._parts.take(self._id, self._segment)  # before another worker can
        if self._segment + 1 < self._count:
            offer_segment(
                self._leased.stores, self._leased.job, entry_of(self._id, self._segment + 1)
            )
        while not self._over:
            yield from self._arrived()
            state = "" if self._over else self._parts.take(self._id, self._segment)
            if state == "lead":
                yield from self._in_order()
            elif state == "held":
                yield from self._work_on_later_segment()

    def _arrived(self) -> Iterator[PoseChunk]:
        """Yields the chunks of the next segments that other workers have estimated so far."""
        while True:
            view = self._parts.read(self._id, self._segment, self._number - self._base)
            if view.state == "lead" or not view.start:
                return
            if self._number == self._base and not self._follows(view):
                self._parts.take(self._id, self._segment, by_force=True)
                return
            for data in view.chunks:
                yield self._append(decode_chunk(data))
            if view.state == "last" and not view.chunks:
                self._over = True
                return
            if view.state == "done" and not view.chunks:
                self._advance(self._segment + 1)
            elif not view.chunks:
                return

    def _in_order(self) -> Iterator[PoseChunk]:
        """Estimates the next segment and those after it, as long as they are free."""
        self._refused = False
        with closing(self._own.chunks(self._previous, self._number, self._enter)) as chunks:
            for chunk in chunks:
                self._previous, self._number = chunk, self._number + 1
                yield chunk
        self._over = not self._refused

    def _enter(self, segment: int) -> bool:
        """Moves on to `segment`; returns whether it is free for this worker to go on with."""
        self._advance(segment)
        self._leased.preempt_if_due()
        self._refused = self._parts.take(self._id, segment) != "lead"
        return not self._refused

    def _work_on_later_segment(self) -> Iterator[PoseChunk]:
        """Claims and estimates a later segment, or waits briefly if none is open."""
        part = self._parts.claim(self._id)
        if part is None:
            self._wait()
            return
        with closing(estimate_segment(self._leased.stores, part, self._own)) as work:
            while self._goes_on(work, part.segment):
                self._leased.check()
                yield from self._arrived()
        yield from self._arrived()
        self._leased.preempt_if_due()

    def _goes_on(self, work: Iterator[None], segment: int) -> bool:
        try:
            next(work)
        except StopIteration:
            return False
        except (Fenced, DamagedSegment, JobError) as error:
            log.info("segment_given_up", job=self._id, segment=segment, why=repr(error))
            return False
        return True

    def _wait(self) -> None:
        time.sleep(_LOOK_S)
        if time.monotonic() - self._checked >= _CHECK_S:
            self._checked = time.monotonic()
            self._leased.check()
            self._leased.preempt_if_due()

    def _follows(self, view: SegmentView) -> bool:
        """Returns whether another worker's segment continues the previous chunk exactly."""
        last = self._previous
        start = msgspec.json.decode(view.start, type=SegmentStart)
        if last is None or self._own.segments.start_of(last, self._segment) is None:
            log.info("segment_passed_over", job=self._id, segment=self._segment)
            return False
        if not start.behind(last):
            # seeking in this file is inexact: stop sharing its segments
            log.info("seek_missed", job=self._id, segment=self._segment)
            self._parts.shut(self._id)
            return False
        return True

    def _append(self, chunk: PoseChunk) -> PoseChunk:
        """Returns another worker's chunk, renumbered as the next one of the log."""
        last = self._previous
        assert last is not None
        first = last.first + len(last)
        if first + len(chunk) > self._own.most_frames:
            raise JobError(
                ErrorCode.MEDIA_TOO_LARGE, "The video is longer than its header declares."
            )
        placed = replace(chunk, index=self._number, first=first)
        self._previous, self._number = placed, self._number + 1
        return placed

    def _advance(self, segment: int) -> None:
        self._parts.passed(self._id, self._segment, segment, self._number)
        self._segment, self._base = segment, self._number
