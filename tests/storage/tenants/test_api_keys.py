"""API keys and idempotency keys."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.storage.factories import Clock
from worker.contract.plans import Plan
from worker.storage import keys
from worker.storage.errors import Conflict, NotFound
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import KeyStore
from worker.storage.tenants.idempotency import IdempotencyStore, Mismatch


def everything(stores: Stores) -> bytes:
    """All that is in Redis: names and values."""
    dumps = []
    for name in stores.redis.scan_iter():
        kind = stores.redis.type(name)
        read = {b"string": "get", b"hash": "hgetall", b"set": "smembers"}[kind]
        dumps.append(repr((name, getattr(stores.redis, read)(name))).encode())
    return b"\n".join(dumps)


def test_only_the_digest_of_a_key_is_stored(stores: Stores) -> None:
    key = stores.keys.create("acme", Plan.DEVELOPER, "laptop")
    assert key.startswith("pq_")
    assert len(key) >= 40
    stored = everything(stores)
    assert hashlib.sha256(key.encode()).hexdigest().encode() in stored
    assert key.encode() not in stored
    assert key.removeprefix("pq_").encode() not in stored


def test_a_key_names_its_tenant_and_plan(stores: Stores) -> None:
    store = KeyStore(stores.redis, Clock())
    key = store.create("acme", Plan.FREE, "laptop")
    found = store.find(key)
    assert found is not None
    assert (found.tenant, found.plan, found.name) == ("acme", Plan.FREE, "laptop")
    assert found.createdAt == "2027-01-15T08:00:00.000Z"
    for wrong in ("", key + "x", key[:-1], key.upper()):
        assert store.find(wrong) is None


def test_keys_are_listed_and_revoked_by_id(stores: Stores) -> None:
    clock = Clock()
    store = KeyStore(stores.redis, clock)
    made = []
    for tenant in ("a", "b", "c"):
        clock.now += 1
        made.append(store.create(tenant, Plan.FREE))
    listed = store.list()
    assert [tenant.tenant for tenant in listed] == ["a", "b", "c"]
    store.revoke(listed[1].keyId)
    assert [store.find(key) is None for key in made] == [False, True, False]
    assert [tenant.tenant for tenant in store.list()] == ["a", "c"]


@pytest.mark.parametrize("part", ["", "key_", "whole", "short", "bare"])
def test_part_of_an_id_revokes_nothing(stores: Stores, part: str) -> None:
    stores.keys.create("acme", Plan.FREE)
    key_id = stores.keys.list()[0].keyId
    ids = {"whole": key_id + "0", "short": key_id[:-1], "bare": key_id.removeprefix("key_")}
    with pytest.raises(NotFound):
        stores.keys.revoke(ids.get(part, part))
    assert len(stores.keys.list()) == 1


def test_the_same_request_is_answered_once(stores: Stores) -> None:
    seen = stores.idempotency
    assert seen.begin("acme", "k", "body", "a") == (True, "a")
    with pytest.raises(Conflict):
        seen.begin("acme", "k", "body", "b")
    seen.finish("acme", "k", "job_1")
    assert seen.begin("acme", "k", "body", "b") == (False, "job_1")
    with pytest.raises(Mismatch):
        seen.begin("acme", "k", "other", "b")
    assert seen.begin("umbrella", "k", "other", "c") == (True, "c")
    for tenant in ("acme", "umbrella"):
        assert 60 < stores.redis.ttl(keys.idempotency(tenant, "k")) <= 86_400


def test_a_failed_request_frees_its_key(stores: Stores) -> None:
    assert stores.idempotency.begin("acme", "k", "body", "a")[0]
    stores.idempotency.abandon("acme", "k")
    assert stores.idempotency.begin("acme", "k", "other", "b") == (True, "b")


def test_of_requests_at_once_one_is_new(stores: Stores) -> None:
    def begin(_: int) -> str:
        try:
            return "new" if stores.idempotency.begin("acme", "k", "body", "a")[0] else "answered"
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(begin, range(40)))
    assert sorted(outcomes) == ["conflict"] * 39 + ["new"]


def test_what_was_never_answered_is_made_under_the_same_name(stores: Stores) -> None:
    """A request that outlasts the wait for it, or whose server died."""
    clock = Clock()
    seen = IdempotencyStore(stores.redis, 86_400, clock)
    assert seen.begin("acme", "k", "body", "a") == (True, "a")
    clock.now += 61
    assert seen.begin("acme", "k", "body", "b") == (True, "a")
    with pytest.raises(Conflict):
        seen.begin("acme", "k", "body", "c")
    seen.finish("acme", "k", "job_a")
    assert seen.begin("acme", "k", "body", "d") == (False, "job_a")


@pytest.mark.parametrize(
    "name", ["", " a", "a\n", "../b", "..", "a/b", "a{b}", "ａ", "e\u0301", "x" * 101]
)
def test_a_tenant_has_a_name_that_leads_nowhere_else(stores: Stores, name: str) -> None:
    with pytest.raises(ValueError, match=r"tenant.s name|looks like"):
        stores.keys.create(name, Plan.FREE)
    assert stores.keys.find(stores.keys.create("Ångström & Søn, 東京", Plan.FREE))
