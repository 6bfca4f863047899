"""Connections to Redis."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio

Client = Any
"""A synchronous client: redis-py types every reply as a union of all that could ever come."""

DISCONNECTED = (redis.ConnectionError, redis.TimeoutError)
"""What a command raises where Redis does not answer."""

_TIMEOUTS: dict[str, Any] = {
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}


def connect(url: str) -> Client:
    """A client with time-outs; bytes in, bytes out."""
    return redis.Redis.from_url(url, **_TIMEOUTS)


def connect_async(url: str) -> Client:
    """The same for an event loop."""
    # each open event stream holds a connection; the default of 100 would refuse the 101st reader
    return redis.asyncio.Redis.from_url(url, max_connections=10_000, **_TIMEOUTS)


def text(value: bytes | str) -> str:
    """A reply as text."""
    return value.decode() if isinstance(value, bytes) else value
