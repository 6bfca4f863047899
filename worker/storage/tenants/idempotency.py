"""Idempotency keys: a repeated request gets the first one's answer.

Follows the IETF draft "The Idempotency-Key HTTP Header Field"; see api/README.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.errors import Conflict
from worker.storage.store import Store

_PENDING_S = 60


class Mismatch(Exception):
    """The Idempotency-Key was used with another request."""


class IdempotencyStore(Store):
    """Stores the ids that requests were answered with, for `ttl_s` seconds."""

    def __init__(self, client: Client, ttl_s: int, clock: Callable[[], float] = time.time) -> None:
        super().__init__(client, clock)
        self._ttl_s = ttl_s

    def begin(self, tenant: str, key: str, digest: str, name: str) -> tuple[bool, str]:
        """Registers a request with the Idempotency-Key `key` of a tenant.

        Returns True and the name to use for what the request creates: `name`, or that of an earlier
        request that was never answered. For an answered request returns False and the id of its
        answer, empty if that was erased. Raises Conflict while the first request is being handled,
        Mismatch for another `digest`.
        """
        args = [digest, name, self._clock(), _PENDING_S, self._ttl_s]
        found, known = map(
            text, self._run("tenants/begin_request", [keys.idempotency(tenant, key)], args)
        )
        if found == "mismatch":
            raise Mismatch(key)
        if found == "pending":
            raise Conflict("the first request with this Idempotency-Key is still being handled")
        return found == "make", known

    def finish(self, tenant: str, key: str, answer: str) -> None:
        """Stores the id with which the request is answered."""
        name = keys.idempotency(tenant, key)
        with self._redis.pipeline() as pipe:
            pipe.hset(name, "answer", answer)
            pipe.expire(name, self._ttl_s)
            pipe.execute()

    def abandon(self, tenant: str, key: str) -> None:
        """Frees the key of a request that failed."""
        self._redis.delete(keys.idempotency(tenant, key))
