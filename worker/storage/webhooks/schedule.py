"""The delivery schedule: when endpoints and their ordered queues are due, and who delivers to them.

All claims expire: after a crash what was claimed is due again.

A queue is marked due after an item was appended, and unmarked before it is last checked for being
empty; an endpoint likewise. So in any order of events no queue with deliveries is left unmarked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.store import DueSet, Store
from worker.storage.webhooks.ordered_queues import OrderedQueueStore

LEASE_S = 20.0
"""Seconds of the lease of a queue or slot: longer than a request, before which it is renewed."""
AGAIN_S = 5.0
"""Seconds after which a claimed endpoint or job is due again."""


class DeliverySchedule(Store):
    """Stores when each ordered queue and endpoint is due, and the delivery slots of endpoints.

    `due_endpoints` are those with queues, `watched` jobs to poll, which may have no firehose entry.
    """

    def __init__(
        self,
        client: Client,
        queues: OrderedQueueStore,
        clock: Callable[[], float] = time.time,
        lease_s: float = LEASE_S,
    ) -> None:
        super().__init__(client, clock)
        self._queues = queues
        self._lease_s = lease_s
        self.due_endpoints = DueSet(client, keys.HOOKS_DUE, clock)
        self.watched = DueSet(client, keys.HOOKS_WATCHED, clock)

    def mark_due(self, endpoint: str, subjects: Iterable[str], *, at_once: bool = False) -> None:
        """Marks queues of an endpoint as due now; planned ones only with `at_once`."""
        now = self._clock()
        with self._redis.pipeline(transaction=False) as pipe:
            for subject in subjects:
                pipe.zadd(keys.ordered_queues(endpoint), {subject: now}, nx=not at_once)
            pipe.zadd(keys.HOOKS_DUE, {endpoint: now}, lt=True)
            pipe.execute()

    def resume(self, endpoint: str) -> None:
        """Makes all queues of an enabled endpoint due now."""
        self.mark_due(endpoint, list(self.queues(endpoint)), at_once=True)

    def queues(self, endpoint: str) -> Iterator[str]:
        """Yields the subjects of an endpoint's scheduled queues."""
        for subject, _ in self._redis.zscan_iter(keys.ordered_queues(endpoint)):
            yield text(subject)

    def acquire_slot(self, endpoint: str, name: str, most: int) -> bool:
        """Takes one of `most` delivery slots of an endpoint as `name`; returns whether it did."""
        now = self._clock()
        slots = keys.hook_slots(endpoint)
        return bool(
            self._run("webhooks/acquire_slot", [slots], [name, now, now + self._lease_s, most])
        )

    def claim_due_queue(self, endpoint: str) -> str | None:
        """Claims the queue that has been due longest and returns its subject; None without one."""
        now = self._clock()
        found = self._run(
            "webhooks/claim_due_queue", [keys.ordered_queues(endpoint)], [now, now + self._lease_s]
        )
        return text(found) if found else None

    def renew(self, endpoint: str, name: str, subject: str) -> None:
        """Renews the leases of slot `name` and queue `subject`."""
        until = self._clock() + self._lease_s
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zadd(keys.hook_slots(endpoint), {name: until})
            pipe.zadd(keys.ordered_queues(endpoint), {subject: until}, xx=True)
            pipe.execute()

    def reschedule(self, endpoint: str, subject: str, at: float) -> None:
        """Makes a queue due at the unix time `at`."""
        self._redis.zadd(keys.ordered_queues(endpoint), {subject: at}, xx=True)

    def empty(self, endpoint: str, subject: str) -> None:
        """Removes an empty queue from the schedule; keeps it if an item came meanwhile."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrem(keys.ordered_queues(endpoint), subject)
            pipe.llen(keys.ordered_queue(subject, endpoint))
            _, left = pipe.execute()
        if left:
            self._redis.zadd(keys.ordered_queues(endpoint), {subject: self._clock()}, nx=True)

    def release_slot(self, endpoint: str, name: str) -> float | None:
        """Releases the delivery slot of `name`; returns when one of the endpoint's queues is due
        next (unix time), and makes it due then; None without queues."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrem(keys.hook_slots(endpoint), name)
            pipe.zrem(keys.HOOKS_DUE, endpoint)
            pipe.zrange(keys.ordered_queues(endpoint), 0, 0, withscores=True)
            first = pipe.execute()[-1]
        if not first:
            return None
        due = float(first[0][1])
        self._redis.zadd(keys.HOOKS_DUE, {endpoint: due}, lt=True)
        return due

    def erase(self, subject: str) -> list[str]:
        """Deletes all queues of a subject; returns the ids of its past and pending deliveries."""
        self.watched.remove(subject)
        for endpoint in self._queues.endpoints(subject):
            self._redis.zrem(keys.ordered_queues(endpoint), subject)
        return self._queues.erase(subject)

    def purge(self, endpoint: str) -> None:
        """Deletes the queues, slots and schedule of a deleted endpoint."""
        for subject in self.queues(endpoint):
            self._queues.drop(subject, endpoint)
        self._redis.delete(keys.ordered_queues(endpoint), keys.hook_slots(endpoint))
        self.due_endpoints.remove(endpoint)
