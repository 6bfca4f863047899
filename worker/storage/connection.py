"""Connections to Redis."""

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
"""A synchronous client: redis-py types every reply as a union of all that could ever come."""

DISCONNECTED = (redis.ConnectionError, redis.TimeoutError)
"""What a command raises where Redis does not answer."""


class Refusing(redis.ResponseError):
    """Redis answers and takes no writes for now; nothing was written."""


REFUSING = (Refusing, redis.OutOfMemoryError, redis.ReadOnlyError)
"""What a command raises where Redis answers and takes nothing: it is full, or a replica now, its
disk is, or it has lost its replicas."""
# the first word of such an answer; a script's or a pipeline's has others before it
_REFUSALS = re.compile(
    r"\b(MISCONF|NOREPLICAS|READONLY|OOM|MASTERDOWN|CLUSTERDOWN|UNKILLABLE|BUSY) "
)

_PREFIX = 2000
"""Characters of an error that are looked at: a pipeline's repeats the command with its values."""
_BLOCKING = ("XREAD", "XREADGROUP")
_TIMEOUTS: dict[str, Any] = {
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}


@contextmanager
def _refusals() -> Iterator[None]:
    """Tells answers that refuse any write from those that are wrong with this one."""
    try:
        yield
    except redis.ResponseError as error:
        if not isinstance(error, REFUSING) and _REFUSALS.search(str(error)[:_PREFIX]):
            raise Refusing(str(error)[:_PREFIX]) from error
        raise


class _Measured(redis.Redis):
    """Notes how long Redis took; commands that wait there for something say nothing of it."""

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
        """Commands that go in one round trip."""
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
    """How a server of a `rediss://` address is verified, whoever connects; empty for others."""
    if not url.startswith("rediss:"):
        return {}
    verified: dict[str, Any] = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    return verified | ({"ssl_ca_certs": str(ca_certs)} if ca_certs else {})


def connect(url: str, ca_certs: Path | None = None) -> Client:
    """A client with time-outs; bytes in, bytes out."""
    return _Measured.from_url(url, **_TIMEOUTS, **tls_options(url, ca_certs))


def connect_async(url: str, ca_certs: Path | None = None) -> Client:
    """The same for an event loop."""
    # each open event stream holds a connection; the default of 100 would refuse the 101st reader
    more = tls_options(url, ca_certs)
    return _Async.from_url(url, max_connections=10_000, **_TIMEOUTS, **more)


def text(value: bytes | str) -> str:
    """A reply as text."""
    return value.decode() if isinstance(value, bytes) else value
