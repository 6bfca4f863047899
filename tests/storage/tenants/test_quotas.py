"""Rates, queues and minutes."""

from __future__ import annotations

import pytest

from tests.storage.factories import Clock, new_job
from worker.contract.plans import LIMITS, Plan, PlanLimits, limits_of
from worker.settings import Settings
from worker.storage import keys
from worker.storage.errors import LimitExceeded
from worker.storage.stores import Stores
from worker.storage.tenants.quotas import QuotaStore
from worker.storage.tenants.usage import UsageStore


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quotas(stores: Stores, clock: Clock) -> QuotaStore:
    return QuotaStore(stores.redis, stores.fair_queue, UsageStore(stores.redis, clock), clock)


def test_a_minutes_requests_may_come_at_once_and_then_at_the_rate(
    quotas: QuotaStore, clock: Clock
) -> None:
    rates = [quotas.take_request("acme", 30) for _ in range(31)]
    assert [rate.remaining for rate in rates] == [*range(29, -1, -1), 0]
    assert [rate.allowed for rate in rates] == [True] * 30 + [False]
    assert rates[0].reset_s == 2 and rates[-1].reset_s == 60 and rates[-1].retry_s == 2
    clock.now += 1.9
    assert not quotas.take_request("acme", 30).allowed
    clock.now += 0.1
    assert quotas.take_request("acme", 30).allowed
    assert not quotas.take_request("acme", 30).allowed
    assert quotas.take_request("umbrella", 30).remaining == 29
    clock.now += 60
    assert quotas.take_request("acme", 30).remaining == 29


def test_refusals_do_not_make_it_longer(quotas: QuotaStore, clock: Clock) -> None:
    for _ in range(100):
        quotas.take_request("acme", 10)
    clock.now += 6
    assert quotas.take_request("acme", 10).allowed


def test_an_idle_tenant_leaves_no_key(stores: Stores, quotas: QuotaStore) -> None:
    quotas.take_request("acme", 60)
    assert 0 < stores.redis.pttl(keys.rate("acme")) <= 1000


def test_a_full_queue(stores: Stores, quotas: QuotaStore) -> None:
    limits = PlanLimits(queuedJobs=2)
    stores.fair_queue.push([new_job(stores)], None)
    quotas.check_queue("acme", limits)
    with pytest.raises(LimitExceeded) as refusal:
        quotas.check_queue("acme", limits, 2)
    assert refusal.value.code == "concurrency_limit_exceeded"
    assert refusal.value.details == {"limit": "queuedJobs", "allowed": 2, "used": 1}
    quotas.check_queue("acme", PlanLimits(), 10**6)


def test_minutes_of_a_month(stores: Stores, quotas: QuotaStore, clock: Clock) -> None:
    limits = PlanLimits(mediaMinutesPerMonth=10)
    stores.redis.hset(keys.tenant_usage("acme"), "2027-01:mediaMs", 599_999)
    quotas.check_minutes("acme", limits)
    stores.redis.hset(keys.tenant_usage("acme"), "2027-01:mediaMs", 600_000)
    with pytest.raises(LimitExceeded) as refusal:
        quotas.check_minutes("acme", limits)
    assert refusal.value.details["resetsAt"] == "2027-02-01T00:00:00.000Z"
    assert refusal.value.retry_s == pytest.approx(16.666 * 86_400, rel=1e-3)
    clock.now += refusal.value.retry_s
    quotas.check_minutes("acme", limits)


def test_an_operator_changes_limits_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "POSEQUEUE_PLAN_LIMITS", '{"free": {"runningJobs": 7, "mediaMinutesPerMonth": null}}'
    )
    limits = Settings().limits(Plan.FREE)
    assert (limits.runningJobs, limits.mediaMinutesPerMonth) == (7, None)
    assert limits.queuedJobs == LIMITS[Plan.FREE].queuedJobs
    assert Settings().limits(Plan.COMPANY) == LIMITS[Plan.COMPANY]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"gold": {}}', "no plan gold"),
        ('{"free": {"jobs": 1}}', "jobs"),
        ('{"free": {"runningJobs": "many"}}', "runningJobs"),
        ('{"free": {"runningJobs": 0}}', "runningJobs is to be above 0"),
    ],
)
def test_limits_that_are_none(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    monkeypatch.setenv("POSEQUEUE_PLAN_LIMITS", value)
    with pytest.raises(ValueError, match=said):
        Settings()


def test_larger_plans_allow_no_less() -> None:
    for name in PlanLimits.__struct_fields__:
        rising = [getattr(LIMITS[plan], name) for plan in Plan]
        values = [float("inf") if value is None else value for value in rising]
        if not name.endswith("Days"):
            assert values == sorted(values), name
    assert limits_of(Plan.FREE, {}) is not None
