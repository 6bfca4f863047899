"""Which network addresses a user-supplied URL may lead to (protection against SSRF)."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpcore

from worker.net.deadlines import wait_in_thread

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], str]
"""Resolves host name and port to an address that may be connected to; raises Unreachable."""
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
            "192.88.99.0/24",  # 6to4 relays, deprecated (RFC 7526)
            "168.63.129.16/32",  # Azure's platform services, reachable from every virtual machine
        ),
    )
)
"""Networks that `ipaddress` of some Python versions calls global, but without public servers."""
_LOCAL_NAMES = ("localhost", "localhost.localdomain")


class Unreachable(Exception):
    """The URL cannot or may not be fetched; the text says why."""


def is_public(address: Address) -> bool:
    """Returns whether the address belongs to the public internet.

    False for private, loopback, link-local, carrier-grade NAT, multicast and reserved addresses,
    and for IPv6 addresses that embed such an IPv4 address (mapped, compatible, 6to4, Teredo,
    NAT64: RFC 4291, 3056, 4380, 6052), as a gateway would forward to it.
    """
    if address.is_multicast or not address.is_global:
        return False
    if any(address in network for network in _REFUSED):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return not address.is_site_local and all(map(is_public, embedded_ipv4(address)))


def embedded_ipv4(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """Yields the IPv4 addresses that an IPv6 address embeds."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    isatap = int(address) >> 32 & 0xFFFFFFFF in _ISATAP
    if isatap or any(address in network for network in _EMBEDDING):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def literal_address(host: str) -> Address | None:
    """Parses `host` as an address in any form that a resolver accepts (`127.1`, `2130706433`).

    Returns None for a name.
    """
    bare = host.strip("[]").split("%")[0]
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(bare)
    with contextlib.suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    return None


def is_private_hostname(host: str) -> bool:
    """Returns whether a host is private by its spelling alone, without resolving it."""
    name = host.lower().rstrip(".")
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    address = literal_address(host)
    return address is not None and not is_public(address)


def resolve_public(host: str, port: int, allow_private: bool) -> str:
    """Resolves `host` to one address.

    Raises Unreachable if it cannot be resolved or, unless `allow_private`, any of its addresses is
    not public.
    """
    addresses = [str(entry[4][0]) for entry in _resolved(host, port)]
    for address in addresses:
        if not allow_private and not is_public(ipaddress.ip_address(address.split("%")[0])):
            raise Unreachable(f"{host} is not a public address")
    return addresses[0]


def _resolved(host: str, port: int) -> list[Any]:
    try:
        return wait_in_thread(lambda _: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except httpcore.TimeoutException as error:
        raise Unreachable(f"the name {host} could not be resolved in time") from error
    except OSError as error:
        raise Unreachable(f"the name {host} cannot be resolved") from error
