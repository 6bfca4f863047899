"""Segments of a long video that several workers estimate at once: claims and chunks.

The worker that runs the job, the lead, takes segments in order and writes their chunks to the pose
log. Other workers claim open segments for as long as they send heartbeats, and store their chunks
here, each write with the token of the claim; the lead reads them when their segment is next. None
of this is authoritative: if it is lost, the lead estimates again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.errors import Fenced
from worker.storage.store import Store

State = Literal["", "lead", "done", "last"]
"""State of a segment: open or claimed; taken by the lead; done; done, and the end of the video."""
CHUNKS_A_READ = 16
"""Chunks that are read at once."""


@dataclass(frozen=True)
class SegmentClaim:
    """A claimed segment; `more` is another open segment, or None."""

    job: str
    segment: int
    token: int
    more: int | None


@dataclass(frozen=True)
class SegmentView:
    """What is stored of a segment: whether a live worker has claimed it (`held`), start, chunks."""

    state: State
    claimed: bool
    start: bytes
    chunks: Sequence[bytes]


class SegmentStore(Store):
    """Stores claims and chunks of segments.

    `ttl_s` is the lifetime of a claim without heartbeat in seconds, `max_lost` the number of lost
    or failed claims after which a job's segments are no longer shared.
    """

    def __init__(self, client: Client, ttl_s: float = 15, max_lost: int = 3) -> None:
        super().__init__(client)
        self._max_lost = max_lost
        self.ttl_s = ttl_s

    def open(self, job_id: str, count: int, segment: int, base: int) -> int:
        """Opens the segments of a job from `segment` on, out of `count`, for claims.

        `base` is the index in the log of that segment's first chunk; an index stored before for
        the same segment is kept. Returns the stored index.
        """
        self._run("jobs/segment_advance", self._two(job_id), [count, segment, base, ""])
        low, known = self._redis.hmget(keys.parts(job_id), "low", "base")
        return int(known) if low is not None and int(low) == segment else base

    def claim(self, job_id: str) -> SegmentClaim | None:
        """Claims the first open segment; returns None without one."""
        names = [keys.job(job_id), keys.fence(job_id), keys.parts(job_id)]
        segment, token, more = self._run(
            "jobs/segment_claim", names, [self._ttl_ms(), self._max_lost]
        )
        if segment < 0:
            return None
        return SegmentClaim(job_id, int(segment), int(token), int(more) if more >= 0 else None)

    def take(self, job_id: str, segment: int, *, by_force: bool = False) -> str:
        """Takes a segment for the lead; returns `lead`, or the state of another worker's segment:
        `held`, `done` or `last`. `by_force` discards another worker's claim and chunks."""
        args = [segment, self._max_lost, int(by_force)]
        return text(self._run("jobs/segment_take", self._two(job_id), args))

    def put(self, part: SegmentClaim, name: str, data: bytes, spent_ms: int = 0) -> None:
        """Stores `start` or a chunk by its number and extends the claim.

        Adds `spent_ms` of CPU time to the job. Raises Fenced where the claim is lost, or the job
        does not run or is canceled.
        """
        self._write(part, name, data, "", spent_ms)

    def finish(self, part: SegmentClaim, state: State, spent_ms: int = 0) -> None:
        """Sets the state of a segment to `done` or `last`; raises Fenced as `put` does."""
        self._write(part, "", b"", state, spent_ms)

    def extend(self, part: SegmentClaim) -> None:
        """Extends a claim by a heartbeat; raises Fenced as `put` does."""
        self._write(part, "", b"", "", 0)

    def leave(self, part: SegmentClaim, *, failed: bool = False) -> None:
        """Releases a segment; after `max_lost` failures the job's segments cannot be claimed."""
        args = [part.segment, part.token, self._max_lost if failed else 0]
        self._run("jobs/segment_release", [keys.parts(part.job)], args)

    def shut(self, job_id: str) -> None:
        """Stops further claims of the job's segments."""
        self._if_exists(keys.parts(job_id), "count", "HSET", "shut", "1")

    def read(self, job_id: str, segment: int, place: int) -> SegmentView:
        """Returns a segment, with up to CHUNKS_A_READ of its chunks from index `place` on."""
        found: list[Any] = self._run(
            "jobs/segment_read", [keys.parts(job_id)], [segment, place, CHUNKS_A_READ]
        )
        return SegmentView(text(found[0]), bool(found[1]), found[2], found[3:])  # type: ignore[arg-type]

    def passed(self, job_id: str, segment: int, after: int, base: int) -> None:
        """Deletes a segment that is in the log; `after` is the next one, whose first chunk has the
        index `base`."""
        self._run("jobs/segment_advance", self._two(job_id), ["", after, base, segment])

    def close(self, job_id: str) -> None:
        """Deletes the segments of an ended job."""
        self._redis.delete(keys.parts(job_id))

    def _write(
        self, part: SegmentClaim, name: str, data: bytes, state: State, spent_ms: int
    ) -> None:
        args = [part.segment, part.token, self._ttl_ms(), name, data, state, spent_ms]
        if not self._run("jobs/segment_put", self._two(part.job), args):
            raise Fenced(part.job)

    def _ttl_ms(self) -> int:
        return int(self.ttl_s * 1000)

    @staticmethod
    def _two(job_id: str) -> list[str]:
        return [keys.job(job_id), keys.parts(job_id)]
