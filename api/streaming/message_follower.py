"""Follows a job's messages from an entry id: in the Redis stream while it exists, else the archive.

Both have the same ids, so a client that resumes sees neither a gap nor a duplicate.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool

from api.streaming.stream_reader import StreamReader
from worker.contract.jobs import Job, JobStatus
from worker.lifecycle.archive import scan_messages
from worker.storage import keys
from worker.storage.jobs.streams import Row, row_of
from worker.storage.stores import Stores

SLOW_S = 30.0
"""Seconds that a client may take to receive one chunk before it is disconnected."""

TOO_SLOW = "too slow: the client takes no data; resume by the last id"

T = TypeVar("T")
_IDLE_S = 5.0
_BATCH = 500


class TooSlow(Exception):
    """Raised where a client does not receive its data in time."""


async def in_time(sending: Awaitable[T]) -> T:
    """Awaits `sending` and returns its result; raises TooSlow after SLOW_S seconds."""
    try:
        return await asyncio.wait_for(sending, SLOW_S)
    except TimeoutError as error:
        raise TooSlow(TOO_SLOW) from error


class MessageFollower:
    """Reads the messages of one job after the entry id `after`, and remembers its position."""

    def __init__(
        self, stores: Stores, client: Any, tails: StreamReader, job: Job, after: str
    ) -> None:
        self._stores = stores
        self._redis = client
        self._tails = tails
        self._job = job
        self._stream = keys.messages(job.id)
        self._after = after

    async def batches(self) -> AsyncIterator[list[Row]]:
        """Yields messages in order as they arrive; an empty batch after a few seconds without any.

        Ends after `done`, when the job has ended and everything is read, or when it is erased.
        """
        while True:
            # the status is read before the stream: that of a final job is complete by then
            ended = await self._ended()
            while rows := await self._page():
                yield rows
                if rows[-1][1] == "done":
                    return
            if ended:
                break
            with self._tails.follow(self._job.id, self._after) as tail:
                # a subscription is kept while nothing comes: a new one interrupts everybody's read
                while not tail.behind:
                    if rows := await tail.wait(_IDLE_S):
                        self._after = rows[-1][0]
                    yield rows
                    if rows and rows[-1][1] == "done":
                        return
                    if not rows and await self._ended():
                        break
        if not await self._redis.exists(self._stream):
            async for rows in self._archived():
                yield rows

    async def _page(self) -> list[Row]:
        found = await self._redis.xrange(self._stream, f"({self._after}", "+", count=_BATCH)
        rows = [row_of(entry_id, fields) for entry_id, fields in found]
        if rows:
            self._after = rows[-1][0]
        return rows

    async def _ended(self) -> bool:
        status = await self._redis.hget(keys.job(self._job.id), "status")
        return status is None or JobStatus(msgspec.json.decode(status)).final

    async def _archived(self) -> AsyncIterator[list[Row]]:
        rows = scan_messages(self._stores, self._job.tenant, self._job.id, self._after)
        while batch := await run_in_threadpool(lambda: list(itertools.islice(rows, _BATCH))):
            yield batch
