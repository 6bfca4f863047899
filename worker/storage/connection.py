"""Connections to Redis."""

from __future__ import annotations

import time
from typing import Any

import redis
import redis.asyncio
from redis.client import Pipeline

from worker.observability.metrics import REDIS_SECONDS, record

Client = Any
"""A synchronous client: redis-py types every reply as a union of all that could ever come."""

DISCONNECTED = (redis.ConnectionError, redis.TimeoutError)
"""What a command raises where Redis does not answer."""
REFUSING = (redis.OutOfMemoryError, redis.ReadOnlyError)
"""What a command raises where Redis answers and takes nothing: it is full, or a replica now."""

_BLOCKING = ("XREAD", "XREADGROUP")
_TIMEOUTS: dict[str, Any] = {
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}


class _Measured(redis.Redis):
    """Notes how long Redis took; commands that wait there for something say nothing of it."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """One round trip."""
        began = time.perf_counter()
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        finally:
            if args[0] not in _BLOCKING:
                record(REDIS_SECONDS, time.perf_counter() - began)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Commands that go in one round trip."""
        given = self.connection_pool, self.response_callbacks, transaction, shard_hint
        return _MeasuredPipeline(*given)


class _MeasuredPipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """One round trip."""
        began = time.perf_counter()
        try:
            return super().execute(raise_on_error)
        finally:
            record(REDIS_SECONDS, time.perf_counter() - began)


def connect(url: str) -> Client:
    """A client with time-outs; bytes in, bytes out."""
    return _Measured.from_url(url, **_TIMEOUTS)


def connect_async(url: str) -> Client:
    """The same for an event loop."""
    # each open event stream holds a connection; the default of 100 would refuse the 101st reader
    return redis.asyncio.Redis.from_url(url, max_connections=10_000, **_TIMEOUTS)


def text(value: bytes | str) -> str:
    """A reply as text."""
    return value.decode() if isinstance(value, bytes) else value
