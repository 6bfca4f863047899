"""Workers consume again after Valkey was restarted, and one that does not consume is noticed."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
import redis

from tests.chaos.restarts import KINDS, restarting
from tests.storage.factories import Clock
from worker.runtime.consumer_watchdog import STUCK_S, ConsumerWatchdog
from worker.storage.queue.workers import ALIVE_S, WorkerStore


@pytest.mark.slow
def test_restarts_deafness_and_a_stop(tmp_path: Path) -> None:
    """No time is asserted here: `python -m tests.chaos.restarts` measures it."""
    with restarting(tmp_path) as system:
        for how, away_s in ((signal.SIGKILL, 0.0), (signal.SIGTERM, 1.0)):
            assert set(system.restart(how, away_s, 60).seconds) == set(KINDS)
        system.signal("maintenance", signal.SIGUSR2)
        for _ in range(2):  # the first may come by the read that is under way
            system.wait_for_workers()
        assert "consumer_stuck" in system.log("maintenance")
        assert "consumer_stuck" not in system.log("webhooks")
        system.signal("maintenance", signal.SIGSTOP)
        stopped = time.time()
        client = redis.Redis.from_url(system.url)
        # those that the health check would count on, were it now so much later
        later = WorkerStore(client, lambda: stopped + ALIVE_S + 1)
        end = time.monotonic() + 60
        while (queues := [one.queues for one in later.alive()]) != [("webhooks",)]:
            assert time.monotonic() < end, queues
            time.sleep(0.1)
        client.close()


def test_who_consumes() -> None:
    clock = Clock()
    consuming = ConsumerWatchdog(clock)

    def after(seconds: float, waiting: int, room: int, taken: int) -> tuple[bool, bool]:
        clock.now += seconds
        consuming.observe(waiting, room, taken)
        return consuming.stuck, consuming.should_reconnect()

    assert after(0, 5, 1, 1) == (False, False)
    for waiting, room, taken in ((0, 1, 1), (5, 0, 1), (5, 1, 2)):
        assert after(STUCK_S, waiting, room, taken) == (False, False)
    assert after(1, 5, 1, 2) == (False, False)
    assert after(STUCK_S, 5, 1, 2) == (True, True)
    assert after(1, 5, 1, 2) == (True, False)
    assert after(STUCK_S, 5, 1, 2) == (True, True)
    assert after(1, 5, 1, 3) == (False, False)
