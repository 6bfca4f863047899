"""Message streams of jobs, which `LeaseStore` writes, with a copy of each on the firehose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from worker.contract.messages import PER_FRAME, Done, Entry, encode, entry_key, type_of
from worker.contract.webhooks import JOB_EVENTS, final_event
from worker.storage import keys
from worker.storage.connection import text
from worker.storage.store import Store


class RowKind(StrEnum):
    """How the script `commit` treats a row: a message of a frame is put on the firehose only where
    the job's options ask for all, an event on the firehose alone."""

    MESSAGE = "message"
    FRAME = "frame"
    EVENT = "event"

    @classmethod
    def of(cls, name: str) -> RowKind:
        """The kind of rows of a type."""
        if name in JOB_EVENTS:
            return cls.EVENT
        return cls.FRAME if name in PER_FRAME else cls.MESSAGE


Row = tuple[str, str, bytes]
"""Entry id, message type, message as JSON."""
Span = tuple[str, str]
"""Entry ids of a first and a last message."""
FIRST = "0-0"
"""The entry id of events before a job's first message."""
_PAGE = 1000
_CHUNKS = 64


def row_of(entry_id: bytes | str, fields: dict[bytes, bytes]) -> Row:
    """Converts a stream entry to a row."""
    return text(entry_id), text(fields[b"type"]), fields[b"data"]


def rows_of(entries: Sequence[Entry]) -> list[Row]:
    """Encodes the messages of entries."""
    return [(entry.id, type_of(entry.message), encode(entry.message)) for entry in entries]


def final_event_row(job_id: str, done: Row) -> Row:
    """Returns the event of a job's end for its message `done`: `job.succeeded`, `job.failed` or
    `job.canceled`."""
    said = msgspec.json.decode(done[2], type=Done)
    data: dict[str, Any] = {"id": job_id, "status": said.status}
    if said.error is not None:
        data["error"] = said.error
    return done[0], final_event(said.status), msgspec.json.encode(data)


class StreamStore(Store):
    """Reads the streams of jobs."""

    def read(self, job_id: str, after: str = "0-0", limit: int = _PAGE) -> list[Row]:
        """Returns up to `limit` messages after an entry id; empty also without a stream."""
        rows = self._redis.xrange(keys.messages(job_id), f"({after}", "+", count=limit)
        return [row_of(entry_id, fields) for entry_id, fields in rows]

    def scan(self, job_id: str, after: str = "0-0") -> Iterator[Row]:
        """Yields all messages after an entry id, read page by page."""
        page = self.read(job_id, after)
        yield from page
        while len(page) == _PAGE:
            page = self.read(job_id, page[-1][0])
            yield from page

    def end(self, job_id: str) -> tuple[tuple[int, int], int]:
        """Returns the entry id (two numbers) right after the last message of a job's stream, and
        the number of messages."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.xrevrange(keys.messages(job_id), count=1)
            pipe.xlen(keys.messages(job_id))
            last, count = pipe.execute()
        head, tail = entry_key(text(last[0][0])) if last else (0, 0)
        return (head, tail + 1), int(count)

    def between(self, job_id: str, spans: Sequence[Span]) -> list[list[Row]]:
        """Returns the messages of each span, ends included; empty without a stream."""
        if not spans:
            return []
        with self._redis.pipeline(transaction=False) as pipe:
            for first, last in spans:
                pipe.xrange(keys.messages(job_id), first, last)
            return [[row_of(*row) for row in found] for found in pipe.execute()]

    def hot(self, job_id: str) -> bool:
        """Returns whether the job's stream is in Redis."""
        return bool(self._redis.exists(keys.messages(job_id)))


class PoseLog(Store):
    """Reads pose logs in Redis, which `LeaseStore` writes."""

    def begun(self, job_id: str) -> bool:
        """Returns whether the log has its head, which names the models."""
        return bool(self._redis.exists(keys.poses(job_id)))

    def read(self, job_id: str) -> Iterator[bytes]:
        """Yields the head, then the chunks, in order."""
        place = 0
        while True:
            page = self._redis.lrange(keys.poses(job_id), place, place + _CHUNKS - 1)
            yield from page
            if len(page) < _CHUNKS:
                return
            place += _CHUNKS
