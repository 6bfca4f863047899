"""Connections to addresses that others chose: checked first, then pinned, and never too long.

A name is resolved once, every address of it must be public, and the connection goes to the address
that was checked: a name that resolves differently a moment later gains nothing. TLS still checks
the name. Used for inputs by URL and for webhooks.
"""

from __future__ import annotations

import contextlib
import contextvars
import ipaddress
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout
from typing import Any, TypeVar

import httpcore
import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], str]
"""A host's name and port to an address that may be connected to; raises Unreachable."""

_EMBEDDING = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96"))
)  # NAT64 (RFC 6052), IPv4-compatible (RFC 4291), IPv4-translated (RFC 2765)
_ISATAP = (0x00005EFE, 0x02005EFE)
"""First half of an interface id that ends in an IPv4 address (RFC 5214, section 6.1)."""
_REFUSED = tuple(
    map(
        ipaddress.ip_network,
        (
            "64:ff9b:1::/48",  # local-use NAT64 (RFC 8215)
            "5f00::/16",  # segment routing within one network (RFC 9602)
            "3fff::/20",  # documentation (RFC 9637)
            "192.0.0.0/24",  # protocol assignments (RFC 6890)
            "192.88.99.0/24",  # relays of 6to4, given up (RFC 7526)
            "168.63.129.16/32",  # the platform's own services, to every machine of one cloud
        ),
    )
)
"""What `ipaddress` of some Python versions takes for global, and nobody's public server is in."""
_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_MOST_POOLS = 100
_KEPT_S = 5.0
_CHECK_S = 0.5
"""Seconds between two checks of whether a request is still wanted."""
# getaddrinfo cannot be told how long it may take, a TCP or TLS handshake not be looked up from
_waiting = ThreadPoolExecutor(64, thread_name_prefix="connect")
T = TypeVar("T")


class _Limit:
    """Until when a thread's requests have to end, and what raises where they are not wanted."""

    def __init__(self, end: float, check: Callable[[], None] | None) -> None:
        self.end = end
        self._check = check
        self._checked = time.monotonic()

    def left(self) -> float:
        """Seconds that are left, after a check where one is due; raises ReadTimeout."""
        now = time.monotonic()
        if self._check is not None and now - self._checked >= _CHECK_S:
            self._checked = now
            self._check()
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left


_limit: contextvars.ContextVar[_Limit | None] = contextvars.ContextVar("limit", default=None)


class Unreachable(Exception):
    """The URL cannot or may not be fetched; the text says why."""


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may be behind it.

    Not: private, loopback, link-local, carrier-grade NAT, multicast, reserved; and not where it
    holds such an IPv4 address within (mapped, compatible, 6to4, Teredo, NAT64: RFC 4291, 3056,
    4380, 6052), as a gateway would take it there.
    """
    if address.is_multicast or not address.is_global:
        return False
    if any(address in network for network in _REFUSED):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return not address.is_site_local and all(map(is_public, _within(address)))


def _within(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """IPv4 addresses that an IPv6 address stands for."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    low = int(address) & 0xFFFFFFFF
    isatap = int(address) >> 32 & 0xFFFFFFFF in _ISATAP
    if isatap or any(address in network for network in _EMBEDDING):
        yield ipaddress.IPv4Address(low)


def literal_address(host: str) -> Address | None:
    """The address that `host` spells, in any form that a resolver takes (`127.1`, `2130706433`)."""
    bare = host.strip("[]").split("%")[0]
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(bare)
    with contextlib.suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    return None


def named_private(host: str) -> bool:
    """Whether a host is private by its mere spelling, without asking for its address."""
    name = host.lower().rstrip(".")
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    address = literal_address(host)
    return address is not None and not is_public(address)


def checked_address(host: str, port: int, allow_private: bool) -> str:
    """An address of `host`; raises Unreachable if any of them is not public."""
    addresses = [str(entry[4][0]) for entry in _resolved(host, port)]
    for address in addresses:
        if not allow_private and not is_public(ipaddress.ip_address(address.split("%")[0])):
            raise Unreachable(f"{host} is not a public address")
    return addresses[0]


def _resolved(host: str, port: int) -> list[Any]:
    try:
        return _waited(lambda _: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), None)
    except httpcore.TimeoutException as error:
        raise Unreachable(f"the name {host} is not resolved in time") from error
    except OSError as error:
        raise Unreachable(f"the name {host} cannot be resolved") from error


@contextlib.contextmanager
def deadline(seconds: float, check: Callable[[], None] | None = None) -> Iterator[None]:
    """Within it, everything that this thread does over a pinned connection ends in `seconds`:
    resolving, connecting, the handshake and every byte, however a server drips them. `check` is
    called about every half second meanwhile; what it raises ends the request."""
    token = _limit.set(_Limit(time.monotonic() + seconds, check))
    try:
        yield
    finally:
        _limit.reset(token)


def _left(timeout: float | None) -> float | None:
    """`timeout`, or what is left of the deadline where that is less."""
    limit = _limit.get()
    if limit is None:
        return timeout
    left = limit.left()
    return left if timeout is None else min(timeout, left)


def _slices(timeout: float | None) -> Iterator[tuple[float | None, bool]]:
    """Waits that add up to `timeout` or the deadline, with checks between them, and whether each is
    the last; raises what a check raises."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _left(None if end is None else max(0.0, end - time.monotonic()))
        if left is None or left <= _CHECK_S:
            yield left, True
        else:
            yield _CHECK_S, False


def _waited(call: Callable[[float | None], T], timeout: float | None) -> T:
    """What `call(timeout)` gives, in a thread of its own, so that checks go on meanwhile; its
    outcome is dropped where one of them raises."""
    under_way = _waiting.submit(call, _left(timeout))
    try:
        for seconds, last in _slices(timeout):
            with contextlib.suppress(WaitTimeout):
                return under_way.result(seconds)
            if last:
                break
    finally:
        if not under_way.done():
            under_way.add_done_callback(_close_unused)
    raise httpcore.ConnectTimeout("the deadline has passed")


def _close_unused(under_way: Future[Any]) -> None:
    if not under_way.cancelled() and under_way.exception() is None:
        close = getattr(under_way.result(), "close", None)
        if close is not None:
            close()


class _Stream(httpcore.NetworkStream):
    """A connection that keeps to the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        for seconds, last in _slices(timeout):
            try:
                return self._inner.read(max_bytes, seconds)
            except httpcore.ReadTimeout:
                if last:
                    raise
        raise AssertionError("the last slice returns or raises")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner
        return _Stream(_waited(lambda s: inner.start_tls(ssl_context, server_hostname, s), timeout))

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
            _waited(
                lambda seconds: self._inner.connect_tcp(
                    address, port, seconds, local_address, socket_options
                ),
                timeout,
            )
        )


class _Answer(httpx.SyncByteStream):
    """The bytes of an answer as httpx takes them."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._inner

    def close(self) -> None:
        self._inner.close()


class _Pools:
    """A pool of connections for each host and port: one pool looks at all its connections for
    every request. The one that was used longest ago goes where there are many."""

    def __init__(self, resolve: Resolve, most: int) -> None:
        self._backend = _Backend(resolve)
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._most = most
        self._pools: OrderedDict[tuple[bytes, bytes, int | None], httpcore.ConnectionPool]
        self._pools = OrderedDict()
        self._lock = threading.Lock()

    def of(self, url: httpx.URL) -> httpcore.ConnectionPool:
        """The pool for the host and port of a URL."""
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
    """For httpx.Client: connects where `resolve` says, `most` times to a host and port. Proxies of
    the environment are not used.

    Raises httpx.TransportError and, from `resolve`, Unreachable.
    """

    def __init__(self, resolve: Resolve, most: int = 100) -> None:
        self._pools = _Pools(resolve, most)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request; the answer's body is read by the caller."""
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
        """Closes its connections."""
        self._pools.close()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    """httpcore's errors as httpx', which are called the same."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException,
            httpcore.UnsupportedProtocol) as error:  # fmt: skip
        kind = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise kind(str(error)) from error
