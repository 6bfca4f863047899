"""Segments of a long video that several workers estimate at once: who has which, and its chunks.

The worker that runs the job, its lead, takes segments in order and writes them to the log itself.
Others claim those that are open, for as long as they show signs of life, and leave their chunks
here, each write with the token of the claim; the lead fetches them when they are next. Nothing of
it is the truth: where it is lost, the lead estimates again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.errors import Fenced
from worker.storage.lua_scripts import load_script

State = Literal["", "lead", "done", "last"]
"""Whose a segment is: nobody's yet or a claimant's; the lead's; done; done, and the video's end."""
AT_ONCE = 16
"""Chunks that are fetched at once."""


@dataclass(frozen=True)
class SegmentClaim:
    """A claimed segment; `more` is another one that is open, None where there is none."""

    job: str
    segment: int
    token: int
    more: int | None


@dataclass(frozen=True)
class SegmentView:
    """What is there of a segment: `held` while a claimant lives, how it began, chunks."""

    state: State
    held: bool
    start: bytes
    chunks: Sequence[bytes]


class SegmentStore:
    """Claims of segments. `ttl_s` is how long a claimant may be silent."""

    def __init__(self, client: Client, ttl_s: float = 15, max_lost: int = 3) -> None:
        self._redis = client
        self._max_lost = max_lost
        self.ttl_s = ttl_s
        self._open = client.register_script(load_script(__package__, "segment_open"))
        self._claim = client.register_script(
            load_script(__package__, "next_token", "segment_names", "segment_claim")
        )
        self._take = client.register_script(
            load_script(__package__, "segment_names", "segment_take")
        )
        self._put = client.register_script(load_script(__package__, "segment_names", "segment_put"))
        self._leave = client.register_script(
            load_script(__package__, "segment_names", "segment_release")
        )
        self._read = client.register_script(
            load_script(__package__, "segment_names", "segment_read")
        )
        self._pass = client.register_script(
            load_script(__package__, "segment_names", "segment_advance")
        )

    def open(self, job_id: str, count: int, segment: int, base: int) -> int:
        """`count` segments may be claimed, from `segment` on, whose first chunk has the place
        `base` in the log; returns the place that is noted already for that segment, if one is."""
        self._open(keys=self._two(job_id), args=[count, segment, base])
        low, known = self._redis.hmget(keys.parts(job_id), "low", "base")
        return int(known) if low is not None and int(low) == segment else base

    def claim(self, job_id: str) -> SegmentClaim | None:
        """The first segment that is open, for the caller to estimate."""
        names = [keys.job(job_id), keys.fence(job_id), keys.parts(job_id)]
        segment, token, more = self._claim(keys=names, args=[self._ttl_ms(), self._max_lost])
        if segment < 0:
            return None
        return SegmentClaim(job_id, int(segment), int(token), int(more) if more >= 0 else None)

    def take(self, job_id: str, segment: int, *, by_force: bool = False) -> str:
        """The lead asks for a segment: `lead`, it is the lead's; `held`, `done` or `last`, it is
        another's. `by_force` what another did, or does, is dropped."""
        args = [segment, self._max_lost, int(by_force)]
        return text(self._take(keys=self._two(job_id), args=args))

    def put(self, part: SegmentClaim, name: str, data: bytes, spent_ms: int = 0) -> None:
        """Writes `start` or a chunk by its number; raises Fenced where the segment is not ours any
        more, or the job does not go on."""
        self._write(part, name, data, "", spent_ms)

    def finish(self, part: SegmentClaim, state: State, spent_ms: int = 0) -> None:
        """The segment is `done`, or the `last`; raises Fenced as `put` does."""
        self._write(part, "", b"", state, spent_ms)

    def extend(self, part: SegmentClaim) -> None:
        """A sign of life; raises Fenced as `put` does."""
        self._write(part, "", b"", "", 0)

    def leave(self, part: SegmentClaim, *, failed: bool = False) -> None:
        """Gives a segment back; where too many failed nobody is to claim any more."""
        args = [part.segment, part.token, self._max_lost if failed else 0]
        self._leave(keys=[keys.parts(part.job)], args=args)

    def shut(self, job_id: str) -> None:
        """Nobody is to claim segments of this job any more."""
        if self._redis.exists(keys.parts(job_id)):
            self._redis.hset(keys.parts(job_id), "shut", "1")

    def read(self, job_id: str, segment: int, place: int) -> SegmentView:
        """A segment, with up to AT_ONCE of its chunks from `place` on."""
        found: list[Any] = self._read(keys=[keys.parts(job_id)], args=[segment, place, AT_ONCE])
        return SegmentView(text(found[0]), bool(found[1]), found[2], found[3:])  # type: ignore[arg-type]

    def passed(self, job_id: str, segment: int, after: int, base: int) -> None:
        """A segment is in the log; `after` is next, its first chunk has the place `base`."""
        self._pass(keys=self._two(job_id), args=[segment, after, base])

    def close(self, job_id: str) -> None:
        """The job is over."""
        self._redis.delete(keys.parts(job_id))

    def _write(
        self, part: SegmentClaim, name: str, data: bytes, state: State, spent_ms: int
    ) -> None:
        args = [part.segment, part.token, self._ttl_ms(), name, data, state, spent_ms]
        if not self._put(keys=self._two(part.job), args=args):
            raise Fenced(part.job)

    def _ttl_ms(self) -> int:
        return int(self.ttl_s * 1000)

    @staticmethod
    def _two(job_id: str) -> list[str]:
        return [keys.job(job_id), keys.parts(job_id)]
