"""The registry of live workers and the queues they serve."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from worker.storage import keys
from worker.storage.connection import Client
from worker.storage.store import Store

Kind = Literal["cpu", "gpu"]
ALIVE_S = 6.0
"""Seconds without a heartbeat (there is one every 2) after which a worker counts as gone: after
three lost ones, and early enough for whoever looks every two seconds to know within ten."""


class Worker(msgspec.Struct, frozen=True):
    """A worker's last heartbeat: the queues it serves now, its slots, the unix time (`seen`).

    `fault` is set while its circuit breaker is open, and it serves no queues of jobs. `models` are
    the names of its installed models; None where it does not tell.
    """

    name: str
    kind: Kind
    queues: tuple[str, ...]
    slots: int
    seen: float
    fault: str | None = None
    models: tuple[str, ...] | None = None

    def may_have(self, model: str) -> bool:
        """Returns whether the worker has a model, or does not tell."""
        return self.models is None or model in self.models


class WorkerStore(Store):
    """Stores the heartbeats of workers."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        super().__init__(client, clock)
        self._seen: tuple[float, list[Worker]] = (-math.inf, [])

    def beat(
        self,
        name: str,
        kind: Kind,
        queues: tuple[str, ...],
        slots: int,
        fault: str | None = None,
        models: tuple[str, ...] | None = None,
    ) -> None:
        """Stores a heartbeat; called by the consuming loop of a worker."""
        worker = Worker(name, kind, queues, slots, self._clock(), fault, models)
        self._redis.hset(keys.WORKERS, name, msgspec.json.encode(worker))

    def leave(self, name: str) -> None:
        """Removes a worker that shuts down."""
        self._redis.hdel(keys.WORKERS, name)

    def alive(self) -> list[Worker]:
        """Returns the workers with a heartbeat within ALIVE_S; removes those long dead."""
        now = self._clock()
        found = []
        for name, data in self._redis.hgetall(keys.WORKERS).items():
            try:
                worker = msgspec.json.decode(data, type=Worker)
            except msgspec.ValidationError:
                continue  # written by newer code
            if now - worker.seen <= ALIVE_S:
                found.append(worker)
            elif now - worker.seen > 30 * ALIVE_S:
                self._redis.hdel(keys.WORKERS, name)
        return found

    def lately_alive(self) -> list[Worker]:
        """Returns what `alive` does, as it was at most a second ago."""
        now = time.monotonic()
        if now - self._seen[0] > 1:
            self._seen = now, self.alive()
        return self._seen[1]

    def serves(self, queue: str) -> bool:
        """Returns whether a live worker serves `queue`."""
        return any(queue in worker.queues for worker in self.alive())
