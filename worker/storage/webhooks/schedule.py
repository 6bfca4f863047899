"""Whose turn it is: endpoints with something due, their lanes, and who delivers to them now.

Everything taken here is taken for a while only: where its taker dies, it is due again.

A lane is rung after something was put into it and struck off before it is looked at for the last
time; an endpoint likewise. So whichever of two comes first, nothing that waits is off the lists.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.due_set import DueSet
from worker.storage.lua_scripts import load_script
from worker.storage.webhooks.ordered_queues import OrderedQueueStore

LEASE_S = 20.0
"""Seconds for which a lane or a slot is its taker's: longer than a request, before which it is
renewed."""
AGAIN_S = 5.0
"""Seconds after which an endpoint that was told to a worker is told again."""


class DeliverySchedule:
    """When each lane is attempted next."""

    def __init__(
        self,
        client: Client,
        lanes: OrderedQueueStore,
        clock: Callable[[], float] = time.time,
        lease_s: float = LEASE_S,
    ) -> None:
        self._redis = client
        self._lanes = lanes
        self._clock = clock
        self._lease_s = lease_s
        self._due = DueSet(client, keys.HOOKS_DUE)
        self._watched = DueSet(client, keys.HOOKS_WATCHED)
        self._take_slot = client.register_script(load_script(__package__, "acquire_slot"))
        self._take_lane = client.register_script(load_script(__package__, "claim_due_queue"))

    def mark_due(self, endpoint: str, subjects: Iterable[str], *, at_once: bool = False) -> None:
        """There is something in these lanes; `at_once`: attempt them now, whatever was planned."""
        now = self._clock()
        with self._redis.pipeline(transaction=False) as pipe:
            for subject in subjects:
                pipe.zadd(keys.hook_lanes(endpoint), {subject: now}, nx=not at_once)
            pipe.zadd(keys.HOOKS_DUE, {endpoint: now}, lt=True)
            pipe.execute()

    def due(self, most: int = 500) -> list[str]:
        """Endpoints with something due; each is handed to one caller only, for a while."""
        return self._due.take_all(self._clock(), AGAIN_S, most)

    def take(self, endpoint: str) -> bool:
        """Whether the endpoint has something due and is now the caller's to tell a worker."""
        return self._due.take(endpoint, self._clock(), AGAIN_S)

    def defer(self, endpoint: str, until: float) -> None:
        """The endpoint is left alone until then."""
        self._redis.zadd(keys.HOOKS_DUE, {endpoint: until})

    def unschedule(self, endpoint: str) -> None:
        """The endpoint is not attempted; its lanes stay and go on at the next `wake`."""
        self._redis.zrem(keys.HOOKS_DUE, endpoint)

    def resume(self, endpoint: str) -> None:
        """The endpoint is attempted again, every lane at once: it was enabled."""
        self.mark_due(endpoint, list(self.lanes(endpoint)), at_once=True)

    def lanes(self, endpoint: str) -> Iterator[str]:
        """Subjects with something for the endpoint."""
        for subject, _ in self._redis.zscan_iter(keys.hook_lanes(endpoint)):
            yield text(subject)

    def acquire_slot(self, endpoint: str, name: str, most: int) -> bool:
        """Whether one more may deliver to the endpoint, who is `name`."""
        now = self._clock()
        slots = keys.hook_slots(endpoint)
        return bool(self._take_slot(keys=[slots], args=[name, now, now + self._lease_s, most]))

    def release_slot(self, endpoint: str, name: str) -> None:
        """One fewer delivers to the endpoint."""
        self._redis.zrem(keys.hook_slots(endpoint), name)

    def claim_due_queue(self, endpoint: str) -> str | None:
        """The lane that has been due longest; the caller's for a while."""
        now = self._clock()
        found = self._take_lane(keys=[keys.hook_lanes(endpoint)], args=[now, now + self._lease_s])
        return text(found) if found else None

    def renew(self, endpoint: str, name: str, subject: str) -> None:
        """Slot and lane stay the caller's."""
        until = self._clock() + self._lease_s
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zadd(keys.hook_slots(endpoint), {name: until})
            pipe.zadd(keys.hook_lanes(endpoint), {subject: until}, xx=True)
            pipe.execute()

    def reschedule(self, endpoint: str, subject: str, at: float) -> None:
        """The lane is attempted again then."""
        self._redis.zadd(keys.hook_lanes(endpoint), {subject: at}, xx=True)

    def empty(self, endpoint: str, subject: str) -> None:
        """The lane is empty, unless something came in this very moment."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrem(keys.hook_lanes(endpoint), subject)
            pipe.llen(keys.lane(subject, endpoint))
            _, left = pipe.execute()
        if left:
            self._redis.zadd(keys.hook_lanes(endpoint), {subject: self._clock()}, nx=True)

    def refresh_due(self, endpoint: str) -> float | None:
        """Notes when the endpoint is due next, and says it; None where nothing waits."""
        self._redis.zrem(keys.HOOKS_DUE, endpoint)
        first = self._redis.zrange(keys.hook_lanes(endpoint), 0, 0, withscores=True)
        if not first:
            return None
        due = float(first[0][1])
        self._redis.zadd(keys.HOOKS_DUE, {endpoint: due}, lt=True)
        return due

    def poll_later(self, job_id: str, at: float) -> None:
        """The job is to be looked at again though nothing may ring for it."""
        self._redis.zadd(keys.HOOKS_WATCHED, {job_id: at})

    def unwatch(self, job_id: str) -> None:
        """The job is over."""
        self._redis.zrem(keys.HOOKS_WATCHED, job_id)

    def watched(self) -> list[str]:
        """Jobs to look at now; each is handed to one caller only, for a while."""
        return self._watched.take_all(self._clock(), AGAIN_S, 500)

    def erase(self, subject: str) -> list[str]:
        """Nothing is delivered about the subject any more; ids of what was or would have been."""
        self.unwatch(subject)
        for endpoint in self._lanes.endpoints(subject):
            self._redis.zrem(keys.hook_lanes(endpoint), subject)
        return self._lanes.erase(subject)

    def purge(self, endpoint: str) -> None:
        """The endpoint is deleted: so are its lanes."""
        for subject in self.lanes(endpoint):
            self._lanes.drop(subject, endpoint)
        self._redis.delete(keys.hook_lanes(endpoint), keys.hook_slots(endpoint))
        self.unschedule(endpoint)
