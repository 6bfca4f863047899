"""Whether a worker takes what waits for it: a loop that turns may still be deaf.

Connections have been seen that live and bring nothing (celery#10502, #10325). So what counts is the
outcome: tasks wait in queues of the worker's, it has room, and it takes none.
"""

from __future__ import annotations

import time
from collections.abc import Callable

STUCK_S = 20.0
"""Seconds after which a worker that takes nothing is told to connect anew, and again."""


class ConsumerStuck(ConnectionError):
    """The worker takes nothing: raised in its loop, which then connects anew as after any loss."""


class ConsumerWatchdog:
    """Looked at every few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken = 0
        self._since: float | None = None
        self._again = 0.0

    def observe(self, waiting: int, room: int, taken: int) -> None:
        """Tasks that wait, tasks that it could take more, and how many it took in its life."""
        well = not waiting or room <= 0 or taken != self._taken
        self._taken = taken
        if well:
            self._since = None
        elif self._since is None:
            self._since = self._clock()
            self._again = self._since + STUCK_S

    @property
    def stuck(self) -> bool:
        """Whether it has taken nothing for too long: then it gives no sign of life either."""
        return self._since is not None and self._clock() - self._since >= STUCK_S

    def should_reconnect(self) -> bool:
        """Whether it is time to connect anew."""
        due = self.stuck and self._clock() >= self._again
        if due:
            self._again = self._clock() + STUCK_S
        return due
