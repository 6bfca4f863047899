"""The time as Redis has it: processes whose own clocks differ agree on what is overdue."""

from __future__ import annotations

import time

from worker.storage.connection import Client

ASK_AGAIN_S = 60.0
"""Seconds for which our steady clock is trusted to run as fast as that of Redis."""
_TRIPS = 3


def _steady() -> float:
    """Seconds that go on while the machine sleeps, and that nobody sets."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class RedisClock:
    """Unix time of the server; asks it once a minute. Raises what redis-py does."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._offset = 0.0
        self._asked = float("-inf")

    def __call__(self) -> float:
        """Unix time, wrong by half of the fastest of a few round trips at most."""
        if _steady() - self._asked > ASK_AGAIN_S:
            self._offset = min(self._measured() for _ in range(_TRIPS))[1]
            self._asked = _steady()
        return _steady() + self._offset

    def _measured(self) -> tuple[float, float]:
        """How long a round trip took, and the server's time less ours by it (Cristian 1989)."""
        began = _steady()
        seconds, microseconds = self._redis.time()
        took = _steady() - began
        return took, seconds + microseconds / 1e6 - (began + took / 2)
