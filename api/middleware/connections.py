"""Time-outs for request heads and bodies, and a limit of connections per client.

uvicorn waits for a request without a time-out and keeps its connection open meanwhile: a thousand
half-sent requests would use up all connections of a process.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import resource
from collections import Counter
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 10.0
"""Seconds for the whole head of a request, from the connection or the request's first byte."""
BODY_S = 60.0
"""Seconds for the whole body, from the end of the head: 8 MiB at 1.1 Mbit/s."""
MAX_HEAD_BYTES = 64 * 1024
FREE_PIECES = 512
BYTES_A_PIECE = 256
"""A body may come in FREE_PIECES chunks, and in one more for each so many bytes."""
_SPARE_FILES = 256
"""File descriptors reserved for Redis, S3 and files."""

Trusted = Callable[[str], bool]


def trusts(proxies: str) -> Trusted:
    """Returns a predicate for addresses of proxies, by the setting `trusted_proxies`.

    Many clients share the address of a proxy, so that it has no limit of connections.
    """
    names = [name.strip() for name in proxies.split(",") if name.strip()]
    networks = []
    for name in names:
        try:
            networks.append(ipaddress.ip_network(name, strict=False))
        except ValueError:
            continue

    @functools.lru_cache(4096)
    def trusted(address: str) -> bool:
        if "*" in names or address in names:
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in networks)

    return trusted


def most_connections(wanted: int) -> int:
    """Returns `wanted`, or fewer where the process may not open as many files.

    Raises the soft limit of open files as far as needed and allowed.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _SPARE_FILES
    if soft < needed:
        soft = min(needed, hard) if hard != resource.RLIM_INFINITY else needed
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(wanted, soft - _SPARE_FILES))


_LENGTHS = {b"content-length", b"transfer-encoding"}


class _Bodies(h11.Connection):
    """A connection that refuses bodies in tiny chunks, each of which costs as much time as a large
    one, and those of two lengths, of which a proxy may believe the other (RFC 9112, 6.1)."""

    def __init__(self, limit: int) -> None:
        super().__init__(h11.SERVER, limit)
        self._count = self._bytes = 0

    def next_event(self) -> Any:
        """Returns the next event; raises RemoteProtocolError for a body that is refused."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            if {name for name, _ in event.headers} >= _LENGTHS:
                raise h11.RemoteProtocolError("the body has two lengths")
            self._count = self._bytes = 0
        elif isinstance(event, h11.Data):
            self._count += 1
            self._bytes += len(event.data)
            if self._count > FREE_PIECES + self._bytes // BYTES_A_PIECE:
                raise h11.RemoteProtocolError("the body comes in too many pieces")
        return event


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 on one connection, which is closed when a request takes too long to arrive.

    One address may have `per_client` connections (0: no limit), a trusted proxy any number.
    """

    per_client = 0
    trusted: Trusted = staticmethod(lambda _address: False)
    open_by_address: Counter[str]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn = _Bodies(MAX_HEAD_BYTES)

    def send_400_response(self, msg: str) -> None:
        """Refuses a malformed request, also one that is answered already."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Counts the connection and starts the time-out of the first request."""
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        self._address: str | None = None
        address = self.client[0] if self.client else ""
        if self.per_client and not self.trusted(address):
            if self.open_by_address[address] >= self.per_client:
                transport.abort()
                return
            self.open_by_address[address] += 1
            self._address = address
        self._wait(HEADERS_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Uncounts the connection."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Passes bytes to the parser and starts or stops the time-outs of head and body."""
        before = self.conn.their_state
        super().data_received(data)
        after = self.conn.their_state
        if self.transport.is_closing():
            return
        if after is h11.SEND_BODY:
            if before is not h11.SEND_BODY:
                self._wait(BODY_S)
        elif after is not h11.IDLE:
            self._stop()
        elif self._timer is None and self.conn.trailing_data[0]:
            self._wait(HEADERS_S)  # the first bytes of another request on this connection

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Uncounts the connection and hands it to the WebSocket protocol."""
        self._leave()
        super().handle_websocket_upgrade(event)

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.abort()

    def _leave(self) -> None:
        self._stop()
        if self._address is not None:
            self.open_by_address[self._address] -= 1
            if not self.open_by_address[self._address]:
                del self.open_by_address[self._address]
            self._address = None


def bounded_protocol(per_client: int, proxies: str) -> type[BoundedProtocol]:
    """Returns a protocol class with its own counts, for one server."""
    fields: dict[str, Any] = {
        "per_client": per_client,
        "trusted": staticmethod(trusts(proxies)),
        "open_by_address": Counter(),
    }
    return type("BoundedProtocol", (BoundedProtocol,), fields)
