"""The time of the Redis server, so that processes whose clocks differ agree, and timestamps."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from worker.storage.connection import Client

ASK_AGAIN_S = 60.0
"""Seconds for which the local monotonic clock is trusted to run as fast as that of Redis."""
_TRIPS = 3


def _steady() -> float:
    """Returns monotonic seconds that include the time in which the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class RedisClock:
    """Returns the unix time of the Redis server, which it asks once a minute.

    Raises redis.RedisError where the server does not answer.
    """

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._offset = 0.0
        self._asked = float("-inf")

    def __call__(self) -> float:
        """Returns unix time; its error is at most half of the fastest of _TRIPS round trips."""
        if _steady() - self._asked > ASK_AGAIN_S:
            self._offset = min(self._measured() for _ in range(_TRIPS))[1]
            self._asked = _steady()
        return _steady() + self._offset

    def _measured(self) -> tuple[float, float]:
        """Returns the seconds of a round trip and the clock offset by it (Cristian 1989)."""
        began = _steady()
        seconds, microseconds = self._redis.time()
        took = _steady() - began
        return took, seconds + microseconds / 1e6 - (began + took / 2)


def iso(seconds: float) -> str:
    """Converts unix time to ISO 8601 in UTC, with milliseconds."""
    stamp = datetime.fromtimestamp(seconds, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unix(stamp: str) -> float:
    """Converts ISO 8601 to unix time."""
    return datetime.fromisoformat(stamp).timestamp()
