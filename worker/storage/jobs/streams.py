"""Message streams: reads those of jobs, and relays their messages to the firehose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from worker.contract.jobs import Job
from worker.contract.messages import PER_FRAME, Done, Entry, encode, type_of
from worker.contract.options import Firehose
from worker.contract.webhooks import final_event
from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.lua_scripts import Scripts

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


class StreamStore:
    """Reads the streams of jobs and writes the firehose, which `firehose_trimming.py` trims."""

    def __init__(self, client: Client, partitions: int = 8) -> None:
        self._redis = client
        self._partitions = partitions
        self._run = Scripts(client, __package__)

    def read(self, job_id: str, after: str = "0-0", limit: int = _PAGE) -> list[Row]:
        """Returns up to `limit` messages after an entry id; empty also without a stream."""
        rows = self._redis.xrange(keys.messages(job_id), f"({after}", "+", count=limit)
        return [row_of(entry_id, fields) for entry_id, fields in rows]

    def scan(self, job_id: str, after: str = "0-0") -> Iterator[Row]:
        """Yields all messages after an entry id, read page by page."""
        page = self.read(job_id, after)
        while page:
            yield from page
            page = self.read(job_id, page[-1][0])

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

    def length(self, job_id: str) -> int:
        """Returns the number of messages in the job's stream."""
        return int(self._redis.xlen(keys.messages(job_id)))

    def put_in(self, pipe: Client, job: Job) -> None:
        """Adds `job.queued` of a job to a pipeline, whatever its option `firehose`; not for the
        hidden job of a reference."""
        if job.input.referenceId is None:
            data = {"id": job.id, "status": "queued", "createdAt": job.createdAt}
            fields: dict[Any, Any] = {
                "job": job.id,
                "tenant": job.tenant,
                "id": FIRST,
                "type": "job.queued",
                "data": msgspec.json.encode(data),
            }
            pipe.xadd(keys.firehose(job.id, self._partitions), fields)

    def started(self, job: Job) -> None:
        """Puts `job.started` on the firehose, unless an earlier claim of the job did."""
        hidden = job.input.referenceId is not None
        if hidden or self._redis.hexists(keys.job(job.id), "fired"):
            return
        data = {"id": job.id, "status": "running", "startedAt": job.startedAt}
        row = (FIRST, "job.started", msgspec.json.encode(data))
        self._fire(job.id, job.tenant, [row], FIRST)

    def relay(self, job_id: str, tenant: str, wanted: Firehose, *, hidden: bool = False) -> int:
        """Relays messages that are not on the firehose yet, in order; returns their number.

        Called after a claim and at the end of a job, so that a crash between a commit and its
        relay loses nothing (at least once). The event of the job's end follows `done`, unless
        `hidden`.
        """
        fired = self._redis.hget(keys.job(job_id), "fired")
        after = text(fired) if fired else "0-0"
        passed = 0
        page = self.read(job_id, after)
        while page:
            rows = [row for row in page if self._wanted(row[1], wanted)]
            if page[-1][1] == "done" and not hidden:
                rows.append(final_event_row(job_id, page[-1]))
            self._fire(job_id, tenant, rows, page[-1][0])
            passed += len(page)
            page = self.read(job_id, page[-1][0]) if len(page) == _PAGE else []
        return passed

    def pass_on(self, job_id: str, tenant: str, wanted: Firehose, rows: Sequence[Row]) -> None:
        """Relays rows just committed without reading them back; `relay` must have run before."""
        if rows:
            chosen = [row for row in rows if self._wanted(row[1], wanted)]
            self._fire(job_id, tenant, chosen, rows[-1][0])

    @staticmethod
    def _wanted(kind: str, wanted: Firehose) -> bool:
        return wanted == "all" or (wanted == "events" and kind not in PER_FRAME)

    def _fire(self, job_id: str, tenant: str, rows: Sequence[Row], last: str) -> None:
        args: list[Any] = [job_id, tenant, last]
        for row in rows:
            args += row
        self._run("relay", [keys.job(job_id), keys.firehose(job_id, self._partitions)], args)


class PoseLog:
    """Reads pose logs in Redis, which `LeaseStore` writes."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def read(self, job_id: str) -> Iterator[bytes]:
        """Yields the head, then the chunks, in order."""
        place = 0
        while True:
            page = self._redis.lrange(keys.poses(job_id), place, place + _CHUNKS - 1)
            yield from page
            if len(page) < _CHUNKS:
                return
            place += _CHUNKS
