"""Which network addresses a URL from outside may lead to, and the deadline of resolving them."""

from __future__ import annotations

import contextlib
import contextvars
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout
from typing import Any

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], str]
"""A host's name and port to an address that may be connected to; raises Unreachable."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)
# getaddrinfo cannot be told how long it may take
_resolvers = ThreadPoolExecutor(16, thread_name_prefix="resolve")


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
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return not address.is_site_local and all(map(is_public, embedded_ipv4(address)))


def embedded_ipv4(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """IPv4 addresses that an IPv6 address stands for."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or address in _COMPATIBLE:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def literal_address(host: str) -> Address | None:
    """The address that `host` spells, in any form that a resolver takes (`127.1`, `2130706433`)."""
    bare = host.strip("[]").split("%")[0]
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(bare)
    with contextlib.suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    return None


def is_private_hostname(host: str) -> bool:
    """Whether a host is private by its mere spelling, without asking for its address."""
    name = host.lower().rstrip(".")
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    address = literal_address(host)
    return address is not None and not is_public(address)


def resolve_public(host: str, port: int, allow_private: bool) -> str:
    """An address of `host`; raises Unreachable if any of them is not public."""
    addresses = [str(entry[4][0]) for entry in _resolved(host, port)]
    for address in addresses:
        if not allow_private and not is_public(ipaddress.ip_address(address.split("%")[0])):
            raise Unreachable(f"{host} is not a public address")
    return addresses[0]


def _resolved(host: str, port: int) -> list[Any]:
    asked = _resolvers.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        return asked.result(_left(None))
    except WaitTimeout as error:
        raise Unreachable(f"the name {host} is not resolved in time") from error
    except OSError as error:
        raise Unreachable(f"the name {host} cannot be resolved") from error


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Within it, everything that this thread does over a pinned connection ends in `seconds`:
    resolving, connecting, the handshake and every byte, however a server drips them."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _left(timeout: float | None) -> float | None:
    """`timeout`, or what is left of the deadline where that is less."""
    end = _deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(timeout, left)
