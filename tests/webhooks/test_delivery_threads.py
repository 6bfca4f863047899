"""Threads that deliver: all are used, what fails holds up none, no more is taken than fits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from worker.webhooks.delivery_threads import DeliveryThreads

WAIT_S = 10


@pytest.fixture
def stopping() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_as_many_at_once_as_there_are_threads(stopping: threading.Event) -> None:
    together = threading.Barrier(3)

    def deliver(_: str) -> bool:
        together.wait(WAIT_S)
        return False

    threads = DeliveryThreads(deliver, lambda _: True, 3, stopping)
    assert threads.room() == 3
    for name in "abc":
        threads.put(name)
    assert threads.room() == 0
    threads.start()
    assert until(lambda: threads.room() == 3) and not together.broken


def test_who_has_more_due_goes_on_behind_the_others(stopping: threading.Event) -> None:
    left, order = {"a": 3, "b": 1}, []

    def deliver(endpoint: str) -> bool:
        order.append(endpoint)
        left[endpoint] -= 1
        return left[endpoint] > 0

    threads = DeliveryThreads(deliver, lambda _: True, 1, stopping)
    for name in "ab":
        threads.put(name)
    threads.start()
    assert until(lambda: threads.room() == 1)
    assert order == ["a", "b", "a", "a"]


def test_what_another_process_took_is_left_to_it(stopping: threading.Event) -> None:
    delivered: list[str] = []

    def deliver(endpoint: str) -> bool:
        delivered.append(endpoint)
        return True

    threads = DeliveryThreads(deliver, lambda _: False, 1, stopping)
    threads.put("a")
    threads.start()
    assert until(lambda: threads.room() == 1) and delivered == ["a"]


def test_a_failure_ends_no_thread(stopping: threading.Event) -> None:
    delivered: list[str] = []

    def deliver(endpoint: str) -> bool:
        if endpoint == "bad":
            raise ConnectionError("Redis")
        delivered.append(endpoint)
        return False

    threads = DeliveryThreads(deliver, lambda _: True, 1, stopping)
    for name in ("bad", "good"):
        threads.put(name)
    threads.start()
    assert until(lambda: delivered == ["good"]) and until(lambda: threads.room() == 1)
