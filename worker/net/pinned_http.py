"""An httpx transport that connects to checked addresses only, within a deadline.

A name is resolved once, all of its addresses must be public, and the connection goes to the address
that was checked: a name that resolves differently a moment later (DNS rebinding) gains nothing. TLS
still verifies the name. Used for input URLs and for webhooks.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from worker.net.addresses import Resolve
from worker.net.deadlines import remaining, slices, wait_in_thread

_MOST_POOLS = 100
_KEPT_S = 5.0


class _Stream(httpcore.NetworkStream):
    """A network stream whose reads, writes and TLS handshake respect the thread's deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        for seconds, last in slices(timeout):
            try:
                return self._inner.read(max_bytes, seconds)
            except httpcore.ReadTimeout:
                if last:
                    raise
        raise AssertionError("the last slice returns or raises")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, remaining(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner
        return _Stream(
            wait_in_thread(lambda s: inner.start_tls(ssl_context, server_hostname, s), timeout)
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address = self._resolve(host, port)
        return _Stream(
            wait_in_thread(
                lambda seconds: self._inner.connect_tcp(
                    address, port, seconds, local_address, socket_options
                ),
                timeout,
            )
        )


class _Answer(httpx.SyncByteStream):
    """Adapts the body of an httpcore response to httpx."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._inner

    def close(self) -> None:
        self._inner.close()


class _Pools:
    """One connection pool per origin, at most about _MOST_POOLS of them (LRU).

    A single pool would scan all connections of all origins for every request.
    """

    def __init__(self, resolve: Resolve, most: int) -> None:
        self._backend = _Backend(resolve)
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._most = most
        self._pools: OrderedDict[tuple[bytes, bytes, int | None], httpcore.ConnectionPool]
        self._pools = OrderedDict()
        self._lock = threading.Lock()

    def of(self, url: httpx.URL) -> httpcore.ConnectionPool:
        """Returns the pool for the scheme, host and port of a URL."""
        origin = (url.raw_scheme, url.raw_host, url.port)
        with self._lock:
            pool = self._pools.get(origin) or self._new()
            self._pools[origin] = pool
            self._pools.move_to_end(origin)
            for other in list(self._pools)[: max(0, len(self._pools) - _MOST_POOLS)]:
                if all(one.is_idle() for one in self._pools[other].connections):
                    self._pools.pop(other).close()
            return pool

    def close(self) -> None:
        """Closes all connections."""
        with self._lock:
            while self._pools:
                self._pools.popitem()[1].close()

    def _new(self) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=self._tls,
            max_connections=self._most,
            keepalive_expiry=_KEPT_S,
            network_backend=self._backend,
        )


class PinnedTransport(httpx.BaseTransport):
    """Transport for httpx.Client that connects to the addresses that `resolve` returns.

    At most `most` connections per origin; proxies of the environment are not used. Raises
    httpx.TransportError and, from `resolve`, Unreachable.
    """

    def __init__(self, resolve: Resolve, most: int = 100) -> None:
        self._pools = _Pools(resolve, most)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request; the body of the response is read by the caller."""
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._pools.of(url).handle_request(asked)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Answer(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Closes all connections."""
        self._pools.close()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    """Translates httpcore's errors to those of httpx, which have equal names."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException,
            httpcore.UnsupportedProtocol) as error:  # fmt: skip
        kind = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise kind(str(error)) from error
