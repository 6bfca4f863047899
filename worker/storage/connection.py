"""Redis clients with time-outs, TLS, metrics, and errors for refused writes."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
import redis.asyncio
from redis.client import Pipeline

from worker.observability.metrics import REDIS_SECONDS, record

Client = Any
"""A Redis client; untyped, as redis-py types every reply as a union of all possible ones."""

DISCONNECTED = (redis.ConnectionError, redis.TimeoutError)
"""Errors of commands that Redis does not answer."""


class Refusing(redis.ResponseError):
    """Redis answers but refuses writes for now; nothing was written."""


REFUSING = (Refusing, redis.OutOfMemoryError, redis.ReadOnlyError)
"""Errors of commands that Redis refuses: it or its disk is full, it has become a replica, or it has
lost its replicas."""
# the first word of such an error; scripts and pipelines put others before it
_REFUSALS = re.compile(
    r"\b(MISCONF|NOREPLICAS|READONLY|OOM|MASTERDOWN|CLUSTERDOWN|UNKILLABLE|BUSY) "
)

_PREFIX = 2000
"""Characters of an error that are searched: pipelines repeat the command with its values."""
_BLOCKING = ("XREAD", "XREADGROUP")
_TIMEOUTS: dict[str, Any] = {
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}


@contextmanager
def _refusals() -> Iterator[None]:
    """Converts errors by which Redis refuses all writes to Refusing."""
    try:
        yield
    except redis.ResponseError as error:
        if not isinstance(error, REFUSING) and _REFUSALS.search(str(error)[:_PREFIX]):
            raise Refusing(str(error)[:_PREFIX]) from error
        raise


class _Measured(redis.Redis):
    """Records the duration of each command except blocking ones."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """One round trip."""
        began = time.perf_counter()
        try:
            with _refusals():
                return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        finally:
            if args[0] not in _BLOCKING:
                record(REDIS_SECONDS, time.perf_counter() - began)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Returns a pipeline that records its duration."""
        given = self.connection_pool, self.response_callbacks, transaction, shard_hint
        return _MeasuredPipeline(*given)


class _MeasuredPipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """One round trip."""
        began = time.perf_counter()
        try:
            with _refusals():
                return super().execute(raise_on_error)
        finally:
            record(REDIS_SECONDS, time.perf_counter() - began)


class _Async(redis.asyncio.Redis):
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """One round trip."""
        with _refusals():
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


def tls_options(url: str, ca_certs: Path | None) -> dict[str, Any]:
    """Returns the TLS options for a `rediss://` URL, with verification; empty for other URLs."""
    if not url.startswith("rediss:"):
        return {}
    verified: dict[str, Any] = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    return verified | ({"ssl_ca_certs": str(ca_certs)} if ca_certs else {})


def connect(url: str, ca_certs: Path | None = None) -> Client:
    """Opens a blocking client with time-outs; replies are bytes."""
    return _Measured.from_url(url, **_TIMEOUTS, **tls_options(url, ca_certs))


def connect_async(url: str, ca_certs: Path | None = None) -> Client:
    """Opens an asyncio client with time-outs; replies are bytes."""
    # the default of 100 connections would refuse requests of many concurrent streams
    more = tls_options(url, ca_certs)
    return _Async.from_url(url, max_connections=10_000, **_TIMEOUTS, **more)


def text(value: bytes | str) -> str:
    """Decodes a reply to text."""
    return value.decode() if isinstance(value, bytes) else value
