"""What the API tells Prometheus of the whole system."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from api.middleware.system_metrics import collect_system_state
from tests.storage.factories import new_job
from worker.contract.jobs import Priority
from worker.observability import metrics as m
from worker.queueing import celery_app, queues
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores


@pytest.fixture(autouse=True)
def broker(settings: Settings) -> None:
    """Tasks go to the test's Redis."""
    celery_app.app.conf.broker_url = settings.redis_url.get_secret_value()


def wait(stores: Stores, tenant: str, seconds: float, priority: Priority = "normal") -> None:
    made = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    job = new_job(stores, tenant, createdAt=made, priority=priority)
    stores.fair_queue.push([job], None)


def test_an_empty_system(stores: Stores) -> None:
    state = collect_system_state(stores)
    assert set(state[m.QUEUE_DEPTH]) == {(queue,) for queue in celery_app.QUEUES}
    assert set(state[m.QUEUE_DEPTH].values()) == {0}
    assert max(state[m.QUEUE_AGE].values()) < 1
    assert state[m.WEBHOOK_DUE][()] == state[m.WEBHOOK_LAG][()] == 0


def test_depth_and_age_of_a_fair_queue(stores: Stores) -> None:
    wait(stores, "acme", 30, "high")
    wait(stores, "acme", 500, "low")  # not first to run, but oldest
    wait(stores, "other", 100)
    state = collect_system_state(stores)
    assert state[m.QUEUE_DEPTH]["pose.cpu",] == 3
    assert 499 < state[m.QUEUE_AGE]["pose.cpu",] < 600
    assert state[m.QUEUE_DEPTH]["pose.gpu",] == 0


def test_depth_and_age_of_a_queue_of_tasks(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(queues.time, "time", lambda now=time.time: now() - 200)
        queues.send_maintenance()
    queues.send_maintenance()
    stores.redis.zadd(keys.HOOKS_DUE, {"we_1": time.time() - 50, "we_2": time.time() + 50})
    state = collect_system_state(stores)
    assert state[m.QUEUE_DEPTH]["maintenance",] == 2
    assert 199 < state[m.QUEUE_AGE]["maintenance",] < 300
    assert state[m.QUEUE_DEPTH]["webhooks",] == 1
    assert 49 < state[m.QUEUE_AGE]["webhooks",] < 100


def test_streams_workers_and_webhooks(stores: Stores) -> None:
    name = keys.partitions(stores.settings.firehose_partitions)[0]
    for group in ("billing", "webhooks"):
        stores.redis.xgroup_create(name, group, id="0", mkstream=True)
    for _ in range(3):
        stores.redis.xadd(name, {"job": "job_1"})
    ((_, entries),) = stores.redis.xreadgroup("billing", "one", {name: ">"}, count=2)
    stores.redis.xack(name, "billing", entries[0][0])
    stores.redis.zadd(keys.HOOKS_DUE, {"whk_1": time.time() - 50})
    stores.workers.beat("w1", "cpu", ("pose.cpu", "export"), 4)
    state = collect_system_state(stores)
    assert state[m.STREAM_LAG] == {("billing",): 2, ("webhooks",): 3}
    assert state[m.WEBHOOK_LAG][()] == 3
    assert 49 < state[m.WEBHOOK_DUE][()] < 150
    assert state[m.WORKER_SLOTS]["pose.cpu",] == state[m.WORKER_SLOTS]["export",] == 4
    assert state[m.WORKER_SLOTS]["webhooks",] == 0
