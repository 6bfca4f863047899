"""Detects a worker that takes no tasks although its loop runs.

Broker connections can stay open and deliver nothing (celery#10502, #10325). So the watchdog checks
the outcome: tasks are pending in the worker's queues, it has free slots, and it takes none.
"""

from __future__ import annotations

import time
from collections.abc import Callable

STUCK_S = 20.0
"""Seconds without taking pending tasks after which a worker reconnects, and after each attempt."""


class ConsumerStuck(ConnectionError):
    """Raised in the loop of a stuck worker, which reconnects as after a lost connection."""


class ConsumerWatchdog:
    """Watches the number of tasks that a worker takes; `observe` is called every few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken = 0
        self._since: float | None = None
        self._again = 0.0

    def observe(self, waiting: int, room: int, taken: int) -> None:
        """Records the pending tasks, the free slots, and the tasks taken since the start."""
        well = not waiting or room <= 0 or taken != self._taken
        self._taken = taken
        if well:
            self._since = None
        elif self._since is None:
            self._since = self._clock()
            self._again = self._since + STUCK_S

    @property
    def stuck(self) -> bool:
        """Whether pending tasks have not been taken for STUCK_S; its heartbeats stop then too."""
        return self._since is not None and self._clock() - self._since >= STUCK_S

    def should_reconnect(self) -> bool:
        """Returns whether to reconnect now; True at most every STUCK_S seconds."""
        due = self.stuck and self._clock() >= self._again
        if due:
            self._again = self._clock() + STUCK_S
        return due
