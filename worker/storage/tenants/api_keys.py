"""API keys, stored only as SHA-256; each belongs to a tenant and has a plan, scopes and expiry."""

from __future__ import annotations

import hashlib
import math
import secrets
import unicodedata
from collections.abc import Iterable

import msgspec

from worker.contract.plans import Plan
from worker.contract.scopes import ALL_SCOPES, LONGEST_PAGE_TOKEN_S, PAGE_SCOPES, Scope
from worker.storage import keys
from worker.storage.clock import iso, unix
from worker.storage.connection import text
from worker.storage.errors import NotFound
from worker.storage.store import Store

PREFIX = "pq_"
PAGE_PREFIX = "pq_page_"
_LONGEST_NAME = 100


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """The record of an API key or page token; `keyId` names the key without revealing it.

    `owner` is set for a page token, which has access only to what was made with it. `madeBy` is the
    key that made the token; revoking it revokes both.
    """

    keyId: str
    tenant: str
    plan: Plan
    name: str = ""
    createdAt: str = ""
    scopes: tuple[Scope, ...] = ALL_SCOPES
    expiresAt: str | None = None
    owner: str | None = None
    madeBy: str | None = None
    digest: str = ""
    """SHA-256 of the key, set by `find`; not part of the stored record."""


def checked_tenant(tenant: str) -> str:
    """Returns the name of a tenant, which is part of keys of Redis and S3 and shown in lists.

    Raises ValueError for one that would lead elsewhere there, or has another Unicode form (NFKC).
    Letters of different alphabets that look alike make different names.
    """
    named = 0 < len(tenant) <= _LONGEST_NAME and tenant.isprintable() and tenant == tenant.strip()
    if not named or any(sign in "/\\{}" for sign in tenant) or tenant in (".", ".."):
        raise ValueError(f"a tenant's name has 1 to {_LONGEST_NAME} characters, no / \\ {{ }}")
    if unicodedata.normalize("NFKC", tenant) != tenant:
        raise ValueError(f"'{tenant}' looks like '{unicodedata.normalize('NFKC', tenant)}'")
    return tenant


def digest(key: str) -> str:
    """Returns the SHA-256 of a key, by which it is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_id_of(stored: str) -> str:
    """Returns the id of the key with the digest `stored`."""
    return "key_" + stored[:12]


class KeyStore(Store):
    """Creates, finds, lists and revokes API keys."""

    def create(
        self,
        tenant: str,
        plan: Plan,
        name: str = "",
        scopes: tuple[Scope, ...] = ALL_SCOPES,
        expires_s: float | None = None,
    ) -> str:
        """Creates and returns a key (`pq_…`, 256 random bits), which cannot be read again later.

        It expires after `expires_s` seconds, if given. Raises ValueError as `checked_tenant` does.
        """
        checked_tenant(tenant)
        key = PREFIX + secrets.token_urlsafe(32)
        self._keep(key, Tenant(keyId=key_id_of(digest(key)), tenant=tenant, plan=plan, name=name,
                               scopes=scopes), expires_s)  # fmt: skip
        return key

    def create_page_token(self, maker: Tenant, seconds: float) -> tuple[str, Tenant]:
        """Creates a page token and returns it with its record.

        It is valid for `seconds`, but not longer than the key `maker`, has no scope that `maker`
        lacks, and has access only to what will be made with it.
        """
        now = self._clock()
        left = math.inf if maker.expiresAt is None else unix(maker.expiresAt) - now
        lasts = max(1.0, min(seconds, left))
        token = PAGE_PREFIX + secrets.token_urlsafe(32)
        name = key_id_of(digest(token))
        record = Tenant(
            keyId=name,
            tenant=maker.tenant,
            plan=maker.plan,
            scopes=tuple(scope for scope in PAGE_SCOPES if scope in maker.scopes),
            owner=name,
            madeBy=maker.keyId,
        )
        made = keys.page_tokens(maker.keyId)
        with self._redis.pipeline() as pipe:
            pipe.zremrangebyscore(made, "-inf", now)
            pipe.zadd(made, {digest(token): now + lasts})
            pipe.expire(made, LONGEST_PAGE_TOKEN_S)
            pipe.execute()
        return token, self._keep(token, record, lasts)

    def _keep(self, key: str, record: Tenant, expires_s: float | None) -> Tenant:
        now = self._clock()
        ends = None if expires_s is None else iso(now + expires_s)
        kept = msgspec.structs.replace(record, createdAt=iso(now), expiresAt=ends)
        # Redis deletes it somewhat later; the expiry is checked when the key is used
        forget_s = None if expires_s is None else math.ceil(expires_s) + 60
        self._redis.set(keys.api_key(digest(key)), msgspec.json.encode(kept), ex=forget_s)
        if record.owner is None:
            self._redis.sadd(keys.KEYS, digest(key))
        return kept

    def find(self, key: str) -> Tenant | None:
        """Returns the record of a key; None if it is unknown, revoked or expired.

        The look-up is by digest, so its timing reveals nothing about keys.
        """
        data = self._redis.get(keys.api_key(digest(key)))
        found = msgspec.json.decode(data, type=Tenant) if data else None
        if found is None or self._over(found):
            return None
        return msgspec.structs.replace(found, digest=digest(key))

    def valid(self, digests: Iterable[str]) -> set[str]:
        """Returns the digests of those keys that are neither revoked nor expired."""
        names = list(digests)
        with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.get(keys.api_key(name))
            replies = pipe.execute()
        return {
            name
            for name, data in zip(names, replies, strict=True)
            if data and not self._over(msgspec.json.decode(data, type=Tenant))
        }

    def _over(self, key: Tenant) -> bool:
        return bool(key.expiresAt) and unix(str(key.expiresAt)) <= self._clock()

    def list(self) -> list[Tenant]:
        """Returns all keys, oldest first, without page tokens."""
        found = []
        for stored in self._redis.smembers(keys.KEYS):
            data = self._redis.get(keys.api_key(text(stored)))
            if data:
                found.append(msgspec.json.decode(data, type=Tenant))
            else:
                self._redis.srem(keys.KEYS, stored)
        return sorted(found, key=lambda tenant: tenant.createdAt)

    def revoke(self, key_id: str) -> None:
        """Revokes a key and the page tokens made with it at once; raises NotFound."""
        for stored in self._redis.smembers(keys.KEYS):
            if key_id_of(text(stored)) == key_id:
                tokens = self._redis.zrange(keys.page_tokens(key_id), 0, -1)
                ended = [keys.api_key(text(name)) for name in (stored, *tokens)]
                self._redis.delete(*ended, keys.page_tokens(key_id))
                self._redis.srem(keys.KEYS, stored)
                return
        raise NotFound(f"no key {key_id}")
