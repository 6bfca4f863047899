"""Message streams: reading a job's, and passing its messages on to the firehose."""

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
from worker.storage.lua_scripts import load_script

Row = tuple[str, str, bytes]
"""Entry id, message type, message as JSON."""
Span = tuple[str, str]
"""Entry ids of a first and a last message."""
FIRST = "0-0"
"""The id of a job's turns that come before its first message."""
_PAGE = 1000
_CHUNKS = 64


def row_of(entry_id: bytes | str, fields: dict[bytes, bytes]) -> Row:
    """A stream entry as a row."""
    return text(entry_id), text(fields[b"type"]), fields[b"data"]


def rows_of(entries: Sequence[Entry]) -> list[Row]:
    """Entries with their messages encoded."""
    return [(entry.id, type_of(entry.message), encode(entry.message)) for entry in entries]


def final_event_row(job_id: str, done: Row) -> Row:
    """The turn of a job that `done` tells of: `job.succeeded`, `job.failed` or `job.canceled`."""
    said = msgspec.json.decode(done[2], type=Done)
    data: dict[str, Any] = {"id": job_id, "status": said.status}
    if said.error is not None:
        data["error"] = said.error
    return done[0], final_event(said.status), msgspec.json.encode(data)


class StreamStore:
    """Reads of hot streams, and the firehose, which `firehose_trimming.py` keeps short."""

    def __init__(self, client: Client, partitions: int = 8) -> None:
        self._redis = client
        self._partitions = partitions
        self._relay = client.register_script(load_script(__package__, "relay"))

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

    def between(self, job_id: str, spans: Sequence[Span]) -> list[list[Row]]:
        """The messages of each span, its ends included; empty where the stream is gone."""
        if not spans:
            return []
        with self._redis.pipeline(transaction=False) as pipe:
            for first, last in spans:
                pipe.xrange(keys.messages(job_id), first, last)
            return [[row_of(*row) for row in found] for found in pipe.execute()]

    def hot(self, job_id: str) -> bool:
        """Whether the job's stream is in Redis."""
        return bool(self._redis.exists(keys.messages(job_id)))

    def length(self, job_id: str) -> int:
        """Messages in the job's stream."""
        return int(self._redis.xlen(keys.messages(job_id)))

    def queued(self, *jobs: Job) -> None:
        """Tells of jobs that are made, in order."""
        with self._redis.pipeline(transaction=False) as pipe:
            for job in jobs:
                self.put_in(pipe, job)
            pipe.execute()

    def put_in(self, pipe: Client, job: Job) -> None:
        """Has a pipeline tell of a job that is made; whatever its `firehose` says, but a hidden
        one's."""
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
        """Tells of a job that was claimed, where no claim before has come to that."""
        hidden = job.input.referenceId is not None
        if hidden or self._redis.hexists(keys.job(job.id), "fired"):
            return
        data = {"id": job.id, "status": "running", "startedAt": job.startedAt}
        row = (FIRST, "job.started", msgspec.json.encode(data))
        self._fire(job.id, job.tenant, [row], FIRST)

    def relay(self, job_id: str, tenant: str, wanted: Firehose, *, hidden: bool = False) -> int:
        """Passes on what the firehose has not had yet; at least once, in order.

        Called after every commit and first thing after a claim, so that a crash between a commit
        and its relay loses nothing. Behind `done` comes the turn that it is, unless `hidden`.
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
        """Relays what was just committed without reading it back; needs a `relay` before it."""
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
        self._relay(keys=[keys.job(job_id), keys.firehose(job_id, self._partitions)], args=args)


class PoseLog:
    """A job's pose log in Redis; written only through `LeaseStore.commit`."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def read(self, job_id: str) -> Iterator[bytes]:
        """Head, then chunks, in order."""
        place = 0
        while True:
            page = self._redis.lrange(keys.poses(job_id), place, place + _CHUNKS - 1)
            yield from page
            if len(page) < _CHUNKS:
                return
            place += _CHUNKS
