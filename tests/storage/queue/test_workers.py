"""Signs of life of workers."""

from __future__ import annotations

import time

import pytest

from tests.storage.factories import Clock
from worker.storage import keys
from worker.storage.queue.workers import ALIVE_S, WorkerStore
from worker.storage.stores import Stores


def test_a_worker_lives_as_long_as_it_beats(stores: Stores) -> None:
    clock = Clock()
    workers = WorkerStore(stores.redis, clock)
    workers.beat("a", "cpu", ("pose.cpu", "export"), 2)
    clock.now += ALIVE_S
    workers.beat("b", "gpu", ("pose.gpu",), 4)
    assert {worker.name for worker in workers.alive()} == {"a", "b"}
    assert workers.serves("export")
    clock.now += 0.1
    (alive,) = workers.alive()
    assert (alive.name, alive.kind, alive.queues, alive.slots) == ("b", "gpu", ("pose.gpu",), 4)
    assert not workers.serves("export")
    assert workers.serves("pose.gpu")


def test_a_worker_that_leaves_is_gone_at_once(stores: Stores) -> None:
    workers = WorkerStore(stores.redis, Clock())
    workers.beat("a", "cpu", ("export",), 1)
    workers.leave("a")
    assert workers.alive() == []


def test_one_silent_for_long_is_forgotten(stores: Stores) -> None:
    clock = Clock()
    workers = WorkerStore(stores.redis, clock)
    workers.beat("a", "cpu", ("export",), 1)
    clock.now += 30 * ALIVE_S
    assert workers.alive() == []
    assert stores.redis.hlen(keys.WORKERS) == 1
    clock.now += 0.1
    workers.alive()
    assert stores.redis.hlen(keys.WORKERS) == 0


def test_a_list_may_be_a_second_old(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = WorkerStore(stores.redis)
    assert workers.lately_alive() == []
    workers.beat("a", "cpu", ("export",), 1)
    assert workers.lately_alive() == [] and len(workers.alive()) == 1
    now = time.monotonic() + 1.1
    monkeypatch.setattr("worker.storage.queue.workers.time.monotonic", lambda: now)
    assert [worker.name for worker in workers.lately_alive()] == ["a"]
