"""Idempotency keys: the same request twice is answered once.

Follows the IETF draft "The Idempotency-Key HTTP Header Field" as API.md words it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.errors import Conflict
from worker.storage.lua_scripts import load_script

_PENDING_S = 60


class Mismatch(Exception):
    """The key was used with another request."""


class IdempotencyStore:
    """Remembers answers for `ttl_s` seconds."""

    def __init__(self, client: Client, ttl_s: int, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._ttl_s = ttl_s
        self._clock = clock
        self._begin = client.register_script(load_script(__package__, "begin_request"))

    def begin(self, tenant: str, key: str, digest: str, name: str) -> tuple[bool, str]:
        """Whether the request is ours to answer, and the name of what it makes: `name`, or the one
        that a first request took which was never answered. Else the name that it was answered with;
        that is empty where it was erased since.

        Raises Conflict while the first is still being handled, Mismatch for another request.
        """
        args = [digest, name, self._clock(), _PENDING_S, self._ttl_s]
        found, known = map(text, self._begin(keys=[keys.idempotency(tenant, key)], args=args))
        if found == "mismatch":
            raise Mismatch(key)
        if found == "pending":
            raise Conflict("the first request with this Idempotency-Key is still being handled")
        return found == "make", known

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
