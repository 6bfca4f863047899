"""API keys: made once, stored only as SHA-256, each a tenant's with a plan."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

import msgspec

from worker.contract.plans import Plan
from worker.store import keys
from worker.store.connection import Client, text
from worker.store.errors import NotFound
from worker.store.jobs import iso

PREFIX = "pq_"


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key it is; `keyId` names the key without giving it away."""

    keyId: str
    tenant: str
    plan: Plan
    name: str = ""
    createdAt: str = ""


def digest(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_id_of(stored: str) -> str:
    """The name of the key whose digest this is."""
    return "key_" + stored[:12]


class KeyStore:
    """Makes, finds, lists and revokes API keys."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock

    def create(self, tenant: str, plan: Plan, name: str = "") -> str:
        """A new key (`pq_…`, 256 random bits); it is shown now and never again."""
        key = PREFIX + secrets.token_urlsafe(32)
        record = Tenant(
            keyId=key_id_of(digest(key)),
            tenant=tenant,
            plan=plan,
            name=name,
            createdAt=iso(self._clock()),
        )
        self._redis.set(keys.api_key(digest(key)), msgspec.json.encode(record))
        self._redis.sadd(keys.KEYS, digest(key))
        return key

    def find(self, key: str) -> Tenant | None:
        """Whose key this is. The look-up is by digest, so timing tells nothing about keys."""
        data = self._redis.get(keys.api_key(digest(key)))
        return msgspec.json.decode(data, type=Tenant) if data else None

    def list(self) -> list[Tenant]:
        """All keys, oldest first."""
        found = []
        for stored in self._redis.smembers(keys.KEYS):
            data = self._redis.get(keys.api_key(text(stored)))
            if data:
                found.append(msgspec.json.decode(data, type=Tenant))
        return sorted(found, key=lambda tenant: tenant.createdAt)

    def revoke(self, key_id: str) -> None:
        """Ends a key at once; raises NotFound."""
        for stored in self._redis.smembers(keys.KEYS):
            if key_id_of(text(stored)) == key_id:
                self._redis.delete(keys.api_key(text(stored)))
                self._redis.srem(keys.KEYS, stored)
                return
        raise NotFound(f"no key {key_id}")
