"""Which workers live, and what they can do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import msgspec

from worker.storage import keys
from worker.storage.connection import Client

Kind = Literal["cpu", "gpu"]
ALIVE_S = 20.0
"""A worker that said nothing for this long is not counted on."""


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """One worker's sign of life: what it takes from now, and why that is not all it is for."""

    name: str
    kind: Kind
    queues: tuple[str, ...]
    slots: int
    seen: float
    fault: str | None = None


class WorkerStore:
    """Heartbeats of workers."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock

    def beat(
        self,
        name: str,
        kind: Kind,
        queues: tuple[str, ...],
        slots: int,
        fault: str | None = None,
    ) -> None:
        """A sign of life, written by the loop that consumes."""
        worker = Worker(
            name=name, kind=kind, queues=queues, slots=slots, seen=self._clock(), fault=fault
        )
        self._redis.hset(keys.WORKERS, name, msgspec.json.encode(worker))

    def leave(self, name: str) -> None:
        """The worker stops in good order."""
        self._redis.hdel(keys.WORKERS, name)

    def alive(self) -> list[Worker]:
        """Workers heard of within ALIVE_S; forgets those silent for much longer."""
        now = self._clock()
        found = []
        for name, data in self._redis.hgetall(keys.WORKERS).items():
            try:
                worker = msgspec.json.decode(data, type=Worker)
            except msgspec.ValidationError:
                continue  # of a kind that only newer code knows
            if now - worker.seen <= ALIVE_S:
                found.append(worker)
            elif now - worker.seen > 30 * ALIVE_S:
                self._redis.hdel(keys.WORKERS, name)
        return found

    def serves(self, queue: str) -> bool:
        """Whether a live worker takes jobs from `queue`."""
        return any(queue in worker.queues for worker in self.alive())
