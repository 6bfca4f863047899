"""One blocking Redis read for all clients of this process that follow jobs.

One connection per client would be a thousand for a thousand open pages; instead one reader waits on
all followed streams and passes rows to their subscribers. The buffer of a slow client is bounded:
when full it is emptied, and the client reads from Redis itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import redis.exceptions
import structlog

from worker.contract.messages import entry_key
from worker.storage import keys
from worker.storage.connection import text
from worker.storage.jobs.streams import Row, row_of

log = structlog.get_logger()

WINDOW = 500
"""Maximum rows buffered for a client; it reads more of them from Redis itself."""

_BLOCK_MS = 5000
_BATCH = 500
_PAUSE_S = 0.5
_TRY_S = 0.005


class Subscriber:
    """One client's position in a stream, and the buffered rows since its last call of `wait`.

    `behind` says that rows were dropped: the client reads on from Redis and subscribes again.
    """

    def __init__(self, after: str) -> None:
        self.after = after
        self._rows: list[Row] = []
        self._news = asyncio.Event()
        self.behind = False

    def put(self, rows: list[Row]) -> None:
        """Buffers new rows, without those that the client has already got."""
        floor = entry_key(self._rows[-1][0] if self._rows else self.after)
        fresh = [row for row in rows if entry_key(row[0]) > floor]
        if len(self._rows) + len(fresh) > WINDOW:
            self.fall_behind()
        elif not self.behind:
            self._rows += fresh
        self._news.set()

    def fall_behind(self) -> None:
        """Empties the buffer and makes the client read from Redis itself."""
        self.behind = True
        self._rows = []
        self._news.set()

    async def wait(self, seconds: float) -> list[Row]:
        """Returns rows since the last call; empty after `seconds`, or if the buffer was full."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        self._news.clear()
        rows, self._rows = self._rows, []
        if rows:
            self.after = rows[-1][0]
        return rows


class _Followed:
    """A stream with subscribers; `cursor` is the last entry id passed to them."""

    def __init__(self, cursor: str, tails: set[Subscriber]) -> None:
        self.cursor = cursor
        self.tails = tails


class StreamReader:
    """Reads all followed streams over one connection; the application calls `start` and `close`."""

    def __init__(self, client: Any) -> None:
        self._redis = client
        self._streams: dict[str, _Followed] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waker: asyncio.Task[None] | None = None
        self._number = 0
        self._rounds = 0
        self._reading = False

    def __len__(self) -> int:
        return sum(len(followed.tails) for followed in self._streams.values())

    def start(self) -> None:
        """Starts reading in the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stops reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @contextlib.contextmanager
    def follow(self, job_id: str, after: str) -> Iterator[Subscriber]:
        """Subscribes to a job's rows after the entry id `after`."""
        name = keys.messages(job_id)
        followed = self._streams.get(name)
        if followed is None or entry_key(after) < entry_key(followed.cursor):
            # a new one, as what is being read for a later position would leave a gap behind it
            followed = _Followed(after, followed.tails if followed else set())
            self._streams[name] = followed
            self._call()
        tail, tails = Subscriber(after), followed.tails
        tails.add(tail)
        try:
            yield tail
        finally:
            tails.discard(tail)
            current = self._streams.get(name)
            if not tails and current is not None and current.tails is tails:
                del self._streams[name]

    def _call(self) -> None:
        """Makes the reader include newly followed streams in its read."""
        self._wake.set()
        if self._reading and self._waker is None:
            self._waker = asyncio.create_task(self._unblock(self._rounds))

    async def _unblock(self, asked: int) -> None:
        """Interrupts the blocking read of round `asked`; repeated, as it may not have begun yet."""
        try:
            while self._reading and self._rounds == asked:
                if await self._redis.client_unblock(self._number):
                    return
                await asyncio.sleep(_TRY_S)
        except (redis.exceptions.RedisError, OSError) as error:
            # harmless: the read times out by itself
            log.info("reader_not_woken", error=str(error))
        finally:
            self._waker = None

    async def _run(self) -> None:
        while True:
            try:
                async with self._redis.client() as connection:
                    self._number = await connection.client_id()
                    while True:
                        await self._round(connection)
            except (redis.exceptions.RedisError, OSError) as error:
                log.warning("tails_without_redis", error=str(error))
                self._reading = False
                for followed in self._streams.values():
                    for tail in followed.tails:
                        tail.fall_behind()
                await asyncio.sleep(_PAUSE_S)

    async def _round(self, connection: Any) -> None:
        if not self._streams:
            await self._wake.wait()
        self._wake.clear()
        asked = dict(self._streams)
        if not asked:
            return
        cursors: dict[Any, Any] = {name: followed.cursor for name, followed in asked.items()}
        self._rounds += 1
        self._reading = True
        reply = await connection.xread(cursors, count=_BATCH, block=_BLOCK_MS)
        self._reading = False
        for name, entries in reply or ():
            followed = asked[text(name)]
            # unfollowed meanwhile, or followed from an earlier id
            if self._streams.get(text(name)) is not followed:
                continue
            rows = [row_of(entry_id, fields) for entry_id, fields in entries]
            followed.cursor = max(followed.cursor, rows[-1][0], key=entry_key)
            for tail in followed.tails:
                tail.put(rows)
