"""The rate of a tenant's requests, told with every answer.

Fields as in draft-ietf-httpapi-ratelimit-headers-06: `RateLimit-Limit` requests a minute,
`RateLimit-Remaining` of them now, `RateLimit-Reset` seconds until all are there again.
"""

from __future__ import annotations

import ipaddress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.storage.errors import LimitExceeded
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.storage.tenants.quotas import WINDOW_S, Rate

FIELDS = ("RateLimit-Limit", "RateLimit-Policy", "RateLimit-Remaining", "RateLimit-Reset")
_STATE = "rate"


def count_request(stores: Stores, tenant: Tenant, scope: Scope) -> None:
    """Counts a request and notes it for the answer; raises LimitExceeded `rate_limited`."""
    limit = stores.settings.limits(tenant.plan).requestsPerMinute
    if limit is None:
        return
    rate = stores.quotas.take_request(tenant.tenant, limit)
    scope.setdefault("state", {})[_STATE] = rate
    if not rate.allowed:
        raise LimitExceeded(
            "rate_limited",
            f"The plan allows {limit} requests a minute.",
            {"limit": "requestsPerMinute", "allowed": limit},
            rate.retry_s,
        )


def network_of(address: str) -> str:
    """Who is behind an address: of IPv6 its /64, as one host has all of that (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((found, 64), strict=False).network_address)


def count_refused(stores: Stores, address: str) -> None:
    """Counts a wrong key of a client's address; raises LimitExceeded `rate_limited`."""
    limit = stores.settings.refused_keys_per_minute
    if limit:
        stores.quotas.check_refused(network_of(address), limit)


def fields_of(rate: Rate) -> dict[str, str]:
    """A rate as header fields."""
    values = (rate.limit, f"{rate.limit};w={WINDOW_S}", rate.remaining, rate.reset_s)
    return {name: str(value) for name, value in zip(FIELDS, values, strict=True)}


class RateLimitHeaders:
    """Middleware that puts the fields on the answer, whoever makes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def told(message: Message) -> None:
            rate = state.get(_STATE)
            if rate is not None and message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(fields_of(rate))
            await send(message)

        await self._app(scope, receive, told)
