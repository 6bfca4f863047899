"""Processes whose own clocks differ agree on what is overdue."""

from __future__ import annotations

import time

import pytest

from worker.storage import clock as module
from worker.storage.clock import RedisClock
from worker.storage.stores import Stores


def test_it_is_the_servers(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RedisClock(stores.redis)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    seconds, _ = stores.redis.time()
    assert abs(clock() - seconds) < 30  # the machine may be busy


def test_it_is_asked_once_a_minute(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked = [100.0], []

    class Client:
        def time(self) -> tuple[int, int]:
            asked.append(now[0])
            return 1_000, 500_000

    monkeypatch.setattr(module, "_steady", lambda: now[0])
    clock = RedisClock(Client())
    assert clock() == 1_000.5
    now[0] += 60
    assert (clock(), len(set(asked))) == (1_060.5, 1)
    now[0] += 1
    assert (clock(), len(set(asked))) == (1_000.5, 2)


def test_leases_and_queues_go_by_it(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    opened = Stores(stores.settings)
    seconds, _ = stores.redis.time()
    for store in (opened.leases, opened.jobs):
        assert abs(store._clock() - seconds) < 30
    opened.redis.close()
