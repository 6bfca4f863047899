"""Open streams of clients: limits their number per tenant, and ends those of revoked keys."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter

import redis.exceptions
import structlog
from starlette.concurrency import run_in_threadpool

from worker.storage.errors import LimitExceeded
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant

log = structlog.get_logger()

CHECK_S = 2.0
"""Seconds between two checks of whether the keys of open streams are still valid."""
RETRY_S = 5.0


class OpenStream:
    """One open stream of a tenant; `cut` is set when its key is revoked or expires."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.cut = asyncio.Event()


class OpenStreams:
    """The open streams of this process; the application calls `start` and `close`."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._streams: set[OpenStream] = set()
        self._count: Counter[str] = Counter()
        self._lock = threading.Lock()  # routes run in threads
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts checking keys in the running event loop."""
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stops checking keys."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def open(self, tenant: Tenant) -> OpenStream:
        """Registers a stream, which the caller must `release`.

        Raises LimitExceeded where the tenant has as many open as its plan allows.
        """
        most = self._stores.settings.limits(tenant.plan).openStreams
        with self._lock:
            if most is not None and self._count[tenant.tenant] >= most:
                raise LimitExceeded(
                    "concurrency_limit_exceeded",
                    f"The plan allows {most} open streams.",
                    {"limit": "openStreams", "allowed": most},
                    RETRY_S,
                )
            self._count[tenant.tenant] += 1
            stream = OpenStream(tenant)
            self._streams.add(stream)
        return stream

    def release(self, stream: OpenStream) -> None:
        """Unregisters a stream; idempotent."""
        with self._lock:
            if stream in self._streams:
                self._streams.remove(stream)
                self._count[stream.tenant.tenant] -= 1
                if not self._count[stream.tenant.tenant]:
                    del self._count[stream.tenant.tenant]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            with self._lock:
                streams = list(self._streams)
            if not streams:
                continue
            digests = {stream.tenant.digest for stream in streams}
            try:
                valid = await run_in_threadpool(self._stores.keys.valid, digests)
            except (redis.exceptions.RedisError, OSError) as error:
                log.warning("keys_not_looked_at", error=str(error))
                continue
            for stream in streams:
                if stream.tenant.digest not in valid:
                    stream.cut.set()
