"""Whether the worker of this container consumes: exit 0 or 1, for health checks and probes.

A worker's heartbeat is written by the loop that takes tasks, so one that hangs falls silent, as
does one that takes nothing of what waits for it (`worker/runtime/consumer_watchdog.py`). While
Redis is silent nobody can tell, and a restart would mend nothing: that counts as alive.
"""

from __future__ import annotations

import socket
import sys

import redis

from worker.settings import settings
from worker.storage.queue.workers import WorkerStore

ANSWER_S = 3


def alive() -> bool:
    """Whether a worker on this host gave a sign of life within `ALIVE_S`."""
    client = redis.Redis.from_url(
        settings().redis_url.get_secret_value(),
        socket_timeout=ANSWER_S,
        socket_connect_timeout=ANSWER_S,
    )
    here = socket.gethostname() + ":"
    try:
        return any(worker.name.startswith(here) for worker in WorkerStore(client).alive())
    except redis.RedisError:
        return True


if __name__ == "__main__":
    sys.exit(0 if alive() else 1)
