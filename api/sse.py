"""Server-sent events of a job: the hot stream while there is one, then the archive.

Both hold the same ids, so a reader that resumes sees neither a gap nor a message twice.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool

from api.rendering import Renderer
from worker.contract.jobs import Job, JobStatus
from worker.store import keys
from worker.store.archive import scan_messages
from worker.store.bundle import Stores
from worker.store.streams import Row, row_of

HEARTBEAT_S = 15.0
_BLOCK_MS = 5000
_BATCH = 500


class Follower:
    """A place in a job's messages that moves on as they are read."""

    def __init__(self, stores: Stores, client: Any, job: Job, after: str) -> None:
        self._stores = stores
        self._redis = client
        self._job = job
        self._after = after

    async def batches(self) -> AsyncIterator[list[Row]]:
        """Messages as they come, in order; an empty batch every few seconds while none do.

        Ends after `done`, where the job is finished and all is read, and where it is erased.
        """
        stream = keys.messages(self._job.id)
        while True:
            # the end is looked at before the stream: what a final job said is in it by then
            ended = await self._ended()
            block = None if ended else _BLOCK_MS
            reply = await self._redis.xread({stream: self._after}, count=_BATCH, block=block)
            rows = [row_of(entry_id, fields) for entry_id, fields in reply[0][1]] if reply else []
            if rows:
                self._after = rows[-1][0]
            yield rows
            if rows and rows[-1][1] == "done":
                return
            if ended and not rows:
                break
        if not await self._redis.exists(stream):
            async for rows in self._archived():
                yield rows

    async def _ended(self) -> bool:
        status = await self._redis.hget(keys.job(self._job.id), "status")
        return status is None or JobStatus(msgspec.json.decode(status)).final

    async def _archived(self) -> AsyncIterator[list[Row]]:
        rows = scan_messages(self._stores, self._job.tenant, self._job.id, self._after)
        while batch := await run_in_threadpool(lambda: list(itertools.islice(rows, _BATCH))):
            yield batch


def _event(rows: list[Row]) -> bytes:
    """The views of one message; only the last has the id, so that a break in between repeats."""
    parts = []
    for number, (entry_id, kind, data) in enumerate(rows, 1):
        place = f"id: {entry_id}\n" if number == len(rows) else ""
        parts.append(f"{place}event: {kind}\ndata: ".encode() + data + b"\n\n")
    return b"".join(parts)


async def events(
    follower: Follower, renderer: Renderer, types: frozenset[str] | None
) -> AsyncIterator[bytes]:
    """The body of the answer; a comment where nothing was to be said for HEARTBEAT_S."""
    loop = asyncio.get_running_loop()
    yield b": connected\n\n"
    said = loop.time()
    async for rows in follower.batches():
        wanted = (row for row in rows if types is None or row[1] in types)
        data = b"".join(_event(renderer.views(row)) for row in wanted)
        if not data and loop.time() - said >= HEARTBEAT_S:
            data = b": still here\n\n"
        if data:
            yield data
            said = loop.time()
