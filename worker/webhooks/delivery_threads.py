"""The threads of one process that deliver; each takes the next endpoint that it was given.

What is due is taken from Redis only as far as a thread is free for it: the rest is left there for
other processes.
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
    """`count` threads that call `deliver` with endpoints; it returns whether the endpoint has more
    due, and `take` whether it is ours once more. They end soon after `stopping` is set."""

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
        """Starts them."""
        for number in range(self._count):
            name = f"delivery-{number}"
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def room(self) -> int:
        """How many endpoints could be delivered to at once beside those that are."""
        with self._lock:
            return self._count - self._given

    def put(self, endpoint: str) -> None:
        """Has the endpoint delivered to; may be called from any thread."""
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
        except Exception as error:  # Redis may be away; what is due is taken again after a while
            log.warning("delivery_failed", webhook=endpoint, error=repr(error))
            more = False
        with self._lock:
            self._given -= 1
        if more:  # behind those that wait already
            self.put(endpoint)
