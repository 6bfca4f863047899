"""The time as Redis has it: processes whose own clocks differ agree on what is overdue."""

from __future__ import annotations

import time

from worker.storage.connection import Client

ASK_AGAIN_S = 60.0
"""Seconds for which our steady clock is trusted to run as fast as that of Redis."""


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
        """Unix time, late by a round trip at most."""
        if _steady() - self._asked > ASK_AGAIN_S:
            seconds, microseconds = self._redis.time()
            self._asked = _steady()
            self._offset = seconds + microseconds / 1e6 - self._asked
        return _steady() + self._offset
