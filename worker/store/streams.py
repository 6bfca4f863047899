"""Message streams: reading a job's, and passing its messages on to the firehose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from worker.contract.messages import PER_FRAME, Entry, encode, type_of
from worker.contract.options import Firehose
from worker.store import keys
from worker.store.connection import Client, text

Row = tuple[str, str, bytes]
"""Entry id, message type, message as JSON."""
_PAGE = 1000


def row_of(entry_id: bytes | str, fields: dict[bytes, bytes]) -> Row:
    """A stream entry as a row."""
    return text(entry_id), text(fields[b"type"]), fields[b"data"]


class StreamStore:
    """Reads of hot streams, and the firehose."""

    def __init__(self, client: Client, partitions: int = 8, firehose_length: int = 100_000) -> None:
        self._redis = client
        self._partitions = partitions
        self._length = firehose_length

    def read(self, job_id: str, after: str = "0-0", limit: int = _PAGE) -> list[Row]:
        """Up to `limit` messages after an entry id; empty where the stream is gone too."""
        rows = self._redis.xrange(keys.messages(job_id), f"({after}", "+", count=limit)
        return [row_of(entry_id, fields) for entry_id, fields in rows]

    def scan(self, job_id: str, after: str = "0-0") -> Iterator[Row]:
        """All messages after an entry id, a page at a time."""
        page = self.read(job_id, after)
        while page:
            yield from page
            page = self.read(job_id, page[-1][0])

    def hot(self, job_id: str) -> bool:
        """Whether the job's stream is in Redis."""
        return bool(self._redis.exists(keys.messages(job_id)))

    def length(self, job_id: str) -> int:
        """Messages in the job's stream."""
        return int(self._redis.xlen(keys.messages(job_id)))

    def relay(self, job_id: str, tenant: str, wanted: Firehose) -> int:
        """Passes on what the firehose has not had yet; at least once, in order.

        Called after every commit and first thing after a claim, so that a crash between a commit
        and its relay loses nothing.
        """
        fired = self._redis.hget(keys.job(job_id), "fired")
        after = text(fired) if fired else "0-0"
        passed = 0
        page = self.read(job_id, after)
        while page:
            self._fire(job_id, tenant, [r for r in page if self._wanted(r[1], wanted)], page[-1][0])
            passed += len(page)
            page = self.read(job_id, page[-1][0]) if len(page) == _PAGE else []
        return passed

    def pass_on(self, job_id: str, tenant: str, wanted: Firehose, entries: Sequence[Entry]) -> None:
        """Relays what was just committed without reading it back; needs a `relay` before it."""
        if not entries:
            return
        rows = [
            (entry.id, kind, encode(entry.message))
            for entry in entries
            if self._wanted(kind := type_of(entry.message), wanted)
        ]
        self._fire(job_id, tenant, rows, entries[-1].id)

    @staticmethod
    def _wanted(kind: str, wanted: Firehose) -> bool:
        return wanted == "all" or (wanted == "events" and kind not in PER_FRAME)

    def _fire(self, job_id: str, tenant: str, rows: Sequence[Row], last: str) -> None:
        key = keys.firehose(job_id, self._partitions)
        with self._redis.pipeline(transaction=False) as pipe:
            for entry_id, kind, data in rows:
                fields: dict[Any, Any] = {
                    "job": job_id,
                    "tenant": tenant,
                    "id": entry_id,
                    "type": kind,
                    "data": data,
                }
                pipe.xadd(key, fields, maxlen=self._length, approximate=True)
            pipe.hset(keys.job(job_id), "fired", last)
            pipe.execute()


class PoseLog:
    """A job's pose log in Redis; written only through `LeaseStore.commit`."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def read(self, job_id: str) -> Iterator[bytes]:
        """Head, then chunks, in order."""
        place = 0
        while True:
            page = self._redis.lrange(keys.poses(job_id), place, place + 15)
            yield from page
            if len(page) < 16:
                return
            place += 16
