"""Idempotency keys: the same request twice is answered once.

Follows the IETF draft "The Idempotency-Key HTTP Header Field" as API.md words it.
"""

from __future__ import annotations

from worker.storage import keys
from worker.storage.connection import Client
from worker.storage.errors import Conflict

_PENDING_S = 60


class Mismatch(Exception):
    """The key was used with another request."""


class IdempotencyStore:
    """Remembers answers for `ttl_s` seconds."""

    def __init__(self, client: Client, ttl_s: int) -> None:
        self._redis = client
        self._ttl_s = ttl_s

    def begin(self, tenant: str, key: str, digest: str) -> str | None:
        """None where the request is new and now ours, else the id it was answered with; that is
        empty where it was erased since.

        Raises Conflict while the first is still being handled, Mismatch for another request.
        """
        name = keys.idempotency(tenant, key)
        with self._redis.pipeline() as pipe:
            pipe.hsetnx(name, "digest", digest)
            pipe.expire(name, _PENDING_S, nx=True)
            fresh, _ = pipe.execute()
        if fresh:
            return None
        known, answer = self._redis.hmget(name, "digest", "answer")
        if known is not None and known.decode() != digest:
            raise Mismatch(key)
        if answer is None:
            raise Conflict("the first request with this Idempotency-Key is still being handled")
        return str(answer.decode())

    def finish(self, tenant: str, key: str, answer: str) -> None:
        """The request was answered with this id."""
        name = keys.idempotency(tenant, key)
        with self._redis.pipeline() as pipe:
            pipe.hset(name, "answer", answer)
            pipe.expire(name, self._ttl_s)
            pipe.execute()

    def forget(self, tenant: str, key: str) -> None:
        """What it was answered with is erased: its id is not kept, only that there was one."""
        name = keys.idempotency(tenant, key)
        if self._redis.hexists(name, "answer"):
            self._redis.hset(name, "answer", "")

    def abandon(self, tenant: str, key: str) -> None:
        """The request failed; the key may be used again."""
        self._redis.delete(keys.idempotency(tenant, key))
