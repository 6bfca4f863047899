"""Rate limits of tenants, reported in the headers of every answer.

Fields as in draft-ietf-httpapi-ratelimit-headers-06: `RateLimit-Limit` requests per minute,
`RateLimit-Remaining` requests left, `RateLimit-Reset` seconds until the limit is full again.
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
    """Counts a request and stores the rate for the headers; raises LimitExceeded `rate_limited`."""
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
    """Returns the network by which a client is counted: IPv4 address or IPv6 /64 (RFC 6177).

    Returns "unknown" for a malformed address.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((found, 64), strict=False).network_address)


def count_refused(stores: Stores, address: str) -> None:
    """Counts an invalid key by client address; raises LimitExceeded `rate_limited`."""
    limit = stores.settings.refused_keys_per_minute
    if limit:
        stores.quotas.check_refused(network_of(address), limit)


def fields_of(rate: Rate) -> dict[str, str]:
    """Converts a rate to header fields."""
    values = (rate.limit, f"{rate.limit};w={WINDOW_S}", rate.remaining, rate.reset_s)
    return {name: str(value) for name, value in zip(FIELDS, values, strict=True)}


class RateLimitHeaders:
    """Middleware that adds the fields to all answers, errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
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
