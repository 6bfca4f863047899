"""Webhook endpoints: records, signing secrets, and health.

Secrets are stored in plain text, as every request is signed with them; they are shown when they are
made, never listed and never logged.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from worker.contract.webhooks import Endpoint
from worker.storage import keys
from worker.storage.clock import iso
from worker.storage.connection import text
from worker.storage.errors import Conflict, LimitExceeded, NotFound
from worker.storage.store import After, Store

MOST_ENDPOINTS = 50
"""Maximum endpoints of a tenant, not counting those made by jobs."""
OVERLAP_S = 86_400.0
"""Seconds for which an old secret signs too after a rotation."""
MOST_OLD_SECRETS = 4
"""Old secrets of an endpoint that sign too: each costs every request a signature."""
ADHOC_S = 30 * 86_400
"""Seconds for which an endpoint made by jobs is kept after its last job."""
ADHOC_RETRY_S = 3600.0
_SECRET_BYTES = 32


class _Secret(msgspec.Struct, frozen=True):
    value: str
    until: float | None = None


@dataclass(frozen=True)
class Health:
    """How an endpoint has answered recently; times are unix times.

    `rest_until` is the end of a pause after a failure, `slow` says that its answers take long.
    """

    failing_since: float | None = None
    rest_until: float = 0.0
    slow: bool = False

    @property
    def good(self) -> bool:
        """Whether the endpoint may get several requests at once."""
        return self.failing_since is None and not self.slow


def new_secret() -> str:
    """Returns a new secret: `whsec_` and 32 random bytes in base64 (Standard Webhooks)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


class EndpointStore(Store):
    """Stores endpoints; raises NotFound for a missing one and for another tenant's."""

    def create(
        self, tenant: str, url: str, events: Sequence[str], description: str = ""
    ) -> tuple[Endpoint, str]:
        """Creates an endpoint and returns it with its secret; raises Conflict past
        MOST_ENDPOINTS."""
        if self._redis.scard(keys.tenant_subscribed(tenant)) >= MOST_ENDPOINTS:
            raise Conflict(f"there are {MOST_ENDPOINTS} webhooks already; delete one first")
        endpoint = Endpoint(
            id="we_" + secrets.token_hex(12),
            tenant=tenant,
            url=url,
            events=tuple(events),
            description=description,
            createdAt=iso(self._clock()),
        )
        secret = self._store(endpoint)
        self._redis.sadd(keys.tenant_subscribed(tenant), endpoint.id)
        return endpoint, secret

    def name_of_url(self, tenant: str, url: str) -> str:
        """Returns the id of the tenant's endpoint for a job's URL; it may not exist yet."""
        for endpoint in self.subscribed(tenant):
            if endpoint.url == url:
                return endpoint.id
        # the id follows from the URL, so that concurrent jobs make one endpoint
        return "we_" + hashlib.sha256(f"{tenant}\n{url}".encode()).hexdigest()[:24]

    def admit(self, tenant: str, urls: Mapping[str, str], most: int | None) -> list[str]:
        """Makes the endpoints of jobs (`urls` by id) and renews the expiry of existing ones.

        Returns the new ids. Raises LimitExceeded, and makes none, where the tenant would have more
        than `most`.
        """
        wanted = {
            name: url
            for name, url in urls.items()
            if not self._redis.sismember(keys.tenant_subscribed(tenant), name)
        }
        if not wanted:
            return []
        now = self._clock()
        limit = -1 if most is None else most
        fresh = self._run(
            "webhooks/admit_endpoints",
            [keys.tenant_adhoc(tenant)],
            [now, now + ADHOC_S, limit, *wanted],
        )
        if fresh is None:
            raise LimitExceeded(
                "concurrency_limit_exceeded",
                f"The plan lets jobs name {most} webhook addresses in {ADHOC_S // 86_400} days.",
                {"limit": "jobWebhooks", "allowed": most},
                ADHOC_RETRY_S,
            )
        for name, url in wanted.items():
            made = iso(now)
            self._store(
                Endpoint(id=name, tenant=tenant, url=url, events=(), adhoc=True, createdAt=made)
            )
            self._redis.expire(keys.hook(name), ADHOC_S)
        return [text(name) for name in fresh]

    def withdraw(self, tenant: str, names: Sequence[str]) -> None:
        """Deletes endpoints made for jobs that were refused afterwards."""
        for name in names:
            with contextlib.suppress(NotFound):
                self.delete(self.get(name, tenant))

    def get(self, endpoint_id: str, tenant: str | None = None) -> Endpoint:
        """Returns the current record of an endpoint."""
        data = self._redis.hget(keys.hook(endpoint_id), "record")
        endpoint = msgspec.json.decode(data, type=Endpoint) if data else None
        if endpoint is None or tenant not in (None, endpoint.tenant):
            raise NotFound(f"no webhook {endpoint_id}")
        return endpoint

    def subscribed(self, tenant: str) -> list[Endpoint]:
        """Returns the tenant's endpoints with their own events, without those made by jobs."""
        return self.audience(tenant)[0]

    def audience(self, tenant: str) -> tuple[list[Endpoint], bool]:
        """Returns the tenant's endpoints with their own events, and whether jobs made others."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.smembers(keys.tenant_subscribed(tenant))
            pipe.exists(keys.tenant_adhoc(tenant))
            subscribed, adhoc = pipe.execute()
        return list(self._load(map(text, subscribed))), bool(adhoc)

    def page(self, tenant: str, after: After | None, limit: int) -> list[tuple[float, Endpoint]]:
        """Returns up to `limit` endpoints of a tenant with their times, newest first.

        `after` is the time and id of the last one of the page before.
        """
        name = keys.tenant_hooks(tenant)
        return self._page(name, after, limit, lambda one: self.get(one, tenant))

    def change(self, endpoint: Endpoint, **fields: Any) -> Endpoint:
        """Changes fields of an endpoint and returns it; enabling resets its health.

        Raises Conflict for another URL or events of an endpoint made by jobs, which find it by the
        URL and have their own events.
        """
        if endpoint.adhoc and {"url", "events"} & set(fields):
            raise Conflict(f"{endpoint.id} was made by jobs and keeps its url; create a webhook")
        if fields.get("enabled"):
            fields |= {"disabledAt": None, "disabledReason": None}
            self._redis.delete(keys.hook_health(endpoint.id))
        if fields.get("enabled") is False and endpoint.enabled:
            fields = {"disabledAt": iso(self._clock()), "disabledReason": "by request", **fields}
        changed = msgspec.structs.replace(endpoint, **fields)
        data = msgspec.json.encode(changed)
        self._if_exists(keys.hook(endpoint.id), "record", "HSET", "record", data)
        return changed

    def delete(self, endpoint: Endpoint) -> None:
        """Deletes record and secrets; `DeliverySchedule.purge` deletes the ordered queues."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(keys.hook(endpoint.id), keys.hook_health(endpoint.id))
            pipe.zrem(keys.tenant_hooks(endpoint.tenant), endpoint.id)
            pipe.srem(keys.tenant_subscribed(endpoint.tenant), endpoint.id)
            pipe.zrem(keys.tenant_adhoc(endpoint.tenant), endpoint.id)
            pipe.execute()

    def rotate(self, endpoint_id: str) -> tuple[str, str]:
        """Makes a new secret; returns it and the time until which the old ones sign too, the newest
        MOST_OLD_SECRETS of them."""
        until = self._clock() + OVERLAP_S
        known = self._redis.hget(keys.hook(endpoint_id), "secrets")
        if not known:
            raise NotFound(f"no webhook {endpoint_id}")
        old = [_Secret(s.value, min(until, s.until or until)) for s in self._valid(known)]
        fresh = _Secret(new_secret())
        self._redis.hset(
            keys.hook(endpoint_id), "secrets", msgspec.json.encode([fresh, *old[:MOST_OLD_SECRETS]])
        )
        return fresh.value, iso(until)

    def for_session(self, endpoint_id: str) -> tuple[Endpoint, list[str], Health]:
        """Returns an endpoint, its valid secrets, newest first, and its recent health."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(keys.hook(endpoint_id), ("record", "secrets"))
            pipe.hmget(keys.hook_health(endpoint_id), "failingSince", "restUntil", "slow")
            (record, known), (since, rest, slow) = pipe.execute()
        if not (record and known):
            raise NotFound(f"no webhook {endpoint_id}")
        valid = [secret.value for secret in self._valid(known)]
        health = Health(float(since) if since else None, float(rest or 0), slow == b"1")
        return msgspec.json.decode(record, type=Endpoint), valid, health

    def failing_since(self, endpoint_id: str) -> float | None:
        """Returns since when (unix time) all deliveries have failed; None if none has."""
        since = self._redis.hget(keys.hook_health(endpoint_id), "failingSince")
        return float(since) if since else None

    def answered(self, endpoint_id: str, *, slow: bool) -> None:
        """Records a successful delivery, which ends a series of failures."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(keys.hook_health(endpoint_id))
            if slow:
                pipe.hset(keys.hook_health(endpoint_id), "slow", "1")
                pipe.expire(keys.hook_health(endpoint_id), ADHOC_S)
            pipe.execute()

    def failed(self, endpoint_id: str, rest_s: float) -> float:
        """Records a failed delivery and a pause of `rest_s`; returns seconds since the first
        failure."""
        name, now = keys.hook_health(endpoint_id), self._clock()
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hsetnx(name, "failingSince", now)
            pipe.hset(name, "restUntil", now + rest_s)
            pipe.hget(name, "failingSince")
            pipe.expire(name, ADHOC_S)
            return now - float(pipe.execute()[2])

    def _store(self, endpoint: Endpoint) -> str:
        """Stores a new endpoint unless it exists; returns the secret of a new one."""
        secret, name = new_secret(), keys.hook(endpoint.id)
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(name, "secrets", msgspec.json.encode([_Secret(secret)]))
            pipe.hsetnx(name, "record", msgspec.json.encode(endpoint))
            pipe.execute()
        made = self._clock()
        self._redis.zadd(keys.tenant_hooks(endpoint.tenant), {endpoint.id: made}, nx=True)
        return secret

    def _load(self, ids: Iterator[str]) -> Iterator[Endpoint]:
        with self._redis.pipeline(transaction=False) as pipe:
            for endpoint_id in ids:  # an empty pipeline sends nothing
                pipe.hget(keys.hook(endpoint_id), "record")
            for data in pipe.execute():
                if data:
                    yield msgspec.json.decode(data, type=Endpoint)

    def _valid(self, known: bytes) -> list[_Secret]:
        now = self._clock()
        return [
            secret
            for secret in msgspec.json.decode(known, type=list[_Secret])
            if secret.until is None or secret.until > now
        ]
