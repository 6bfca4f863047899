"""A pool of threads that deliver webhooks; each takes the next endpoint from a shared queue.

Endpoints are claimed in Redis only while a thread is free; the rest is left to other processes.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()

_LOOK_S = 0.5


class DeliveryThreads:
    """Runs `count` threads that call `deliver(endpoint)` until `stopping` is set.

    `deliver` returns whether the endpoint has more due deliveries; if so, `take` tries to claim
    the endpoint again and returns whether it succeeded.
    """

    def __init__(
        self,
        deliver: Callable[[str], bool],
        take: Callable[[str], bool],
        count: int,
        stopping: threading.Event,
    ) -> None:
        self._deliver = deliver
        self._take = take
        self._count = count
        self._stopping = stopping
        self._endpoints: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._given = 0

    def start(self) -> None:
        """Starts the threads."""
        for number in range(self._count):
            name = f"delivery-{number}"
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def room(self) -> int:
        """Returns the number of free threads: how many more endpoints can be put now."""
        with self._lock:
            return self._count - self._given

    def put(self, endpoint: str) -> None:
        """Queues an endpoint for delivery; may be called from any thread."""
        with self._lock:
            self._given += 1
        self._endpoints.put(endpoint)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(queue.Empty):
                self._one(self._endpoints.get(timeout=_LOOK_S))

    def _one(self, endpoint: str) -> None:
        try:
            more = self._deliver(endpoint) and self._take(endpoint)
        except Exception as error:  # e.g. Redis unreachable: due endpoints are claimed again later
            log.warning("delivery_failed", webhook=endpoint, error=repr(error))
            more = False
        with self._lock:
            self._given -= 1
        if more:  # behind the endpoints already queued
            self.put(endpoint)
