"""The fair queue: jobs wait by tenant, and the tenant that was served least lately is next.

A tenant's own jobs run high before normal before low, then oldest first. Between tenants only
shares count: who queues 10,000 jobs delays another's single one by one job's length at most.
A tenant at its limit of running jobs is passed over.

An entry is a job, whatever stage is next, or a segment of one. What is pulled is among the jobs on
no list until it is claimed; a sweep puts back what nobody did.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from worker.contract.jobs import Job, JobStatus, Priority
from worker.contract.segment_ids import job_of_entry
from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.lua_scripts import load_script

QUEUES = ("pose.cpu", "pose.gpu", "export")
"""The queues that are pulled from: one for each kind of worker that a stage may need."""
STALE_S = 20.0
"""Seconds after which it is looked up whether a running job still runs."""
_CLASSES: dict[Priority, int] = {"high": 0, "normal": 1, "low": 2}
# seconds of a class: more than any unix time, and small enough for microseconds in a double
_CLASS_S = 1e10
_WEIGHT = 0.2
_NO_LIMIT = -1
LATER = "later"
"""In place of a queue: the entry waits on no list until a sweep lists it."""


def load_list_script(package: str | None, *names: str) -> str:
    """A script that changes the lists of the fair queue, of this package or another."""
    queues = ", ".join(f"'{name}'" for name in QUEUES)
    own = load_script(__package__, "lists")
    return f"local QUEUES = {{{queues}}}\n{own}" + load_script(package, *names)


@dataclass(frozen=True)
class Pulled:
    """A job that is to run now."""

    job: str
    tenant: str


@dataclass(frozen=True)
class QueuePosition:
    """How many jobs would start `before` one if nothing else came; seconds that a job of its queue
    takes on average, None where none has run; and how many run now, of any queue."""

    before: int
    pace: float | None
    running: int


class FairQueue:
    """Who runs next."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock
        self._enter = client.register_script(load_list_script(__package__, "push"))
        self._pull = client.register_script(load_script(__package__, "names", "pop"))
        self._leave = client.register_script(load_list_script(__package__, "remove"))
        self._others = client.register_script(load_script(__package__, "names", "should_preempt"))
        self._startable = client.register_script(
            load_script(__package__, "names", "runnable_count")
        )

    def push(self, jobs: Sequence[Job], running: int | None, most: int | None = None) -> bool:
        """Lists jobs of one tenant and queue, all or none: none where over `most` would wait.

        `running` is how many of the tenant's may run at once. Jobs keep their place by time of
        creation, so one that comes back is not last; those of one instant keep their order.
        """
        if not jobs:
            return True
        return int(self._enter(keys=[keys.WAIT], args=_entering(jobs, running, most))) >= 0

    def pop(self, queue: str) -> Pulled | None:
        """The job that is next, which counts as running from now on."""
        found = self._pull(keys=[keys.WAIT], args=[queue, self._clock()])
        return Pulled(text(found[0]), text(found[1])) if found else None

    def remove(self, tenant: str, job_id: str) -> None:
        """The job is over, or gone: it neither waits nor runs."""
        self._leave(keys=[keys.WAIT], args=[tenant, job_id, ""])

    @staticmethod
    def remove_in(pipe: Client, tenant: str, job_id: str) -> None:
        """Has a pipeline do that."""
        script = load_list_script(__package__, "remove")
        pipe.eval(script, 1, keys.WAIT, tenant, job_id, "")

    def mark_running(self, tenant: str, job_id: str) -> None:
        """The job runs, however its worker came to it."""
        self._leave(keys=[keys.WAIT], args=[tenant, job_id, self._clock()])

    def length(self, tenant: str) -> int:
        """How many of a tenant's jobs wait."""
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in QUEUES:
                pipe.zcard(keys.waiting(queue, tenant))
            return sum(pipe.execute())

    def total(self) -> int:
        """How many jobs wait, those on no list included."""
        count = int(self._redis.zcard(keys.QUEUED))
        for queue in QUEUES:
            with self._redis.pipeline(transaction=False) as pipe:
                for tenant in self._redis.zrange(keys.waiting_tenants(queue), 0, -1):
                    pipe.zcard(keys.waiting(queue, text(tenant)))
                count += sum(pipe.execute())
        return count

    def backlog(self, queue: str) -> tuple[int, float]:
        """How many jobs wait on a queue's lists, and for how many seconds the oldest has."""
        with self._redis.pipeline(transaction=False) as pipe:
            for tenant in map(text, self._redis.zrange(keys.waiting_tenants(queue), 0, -1)):
                name = keys.waiting(queue, tenant)
                pipe.zcard(name)
                for number in _CLASSES.values():  # the oldest of each class is its first
                    bounds = (number * _CLASS_S, (number + 1) * _CLASS_S)
                    pipe.zrangebyscore(name, *bounds, start=0, num=1, withscores=True)
            replies = pipe.execute()
        step = 1 + len(_CLASSES)
        firsts = [row[0][1] for at, row in enumerate(replies) if at % step and row]
        oldest = min((score % _CLASS_S for score in firsts), default=self._clock())
        return sum(replies[::step]), max(0.0, self._clock() - oldest)

    def place(self, job: Job) -> QueuePosition | None:
        """Where a job stands, None if it is not queued.

        Exact within the tenant. Between tenants it takes each job to last as long as that tenant's
        do on average, and leaves limits on running jobs out.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.eval(
                load_script(__package__, "names", "position"),
                1,
                keys.WAIT,
                job.waits_in,
                job.tenant,
                job.id,
            )
            pipe.zscore(keys.QUEUED, job.id)
            pipe.hget(_PACE, job.waits_in)
            pipe.zcard(keys.RUNNING)
            before, queued, pace, running = pipe.execute()
        if before < 0 and queued is None:
            return None
        return QueuePosition(
            max(int(before), 0), None if pace is None else float(pace), int(running)
        )

    def should_preempt(self, job: Job) -> bool:
        """Whether somebody else's turn would come before the job's, were it put back now."""
        args = [job.waits_in, job.tenant, repr(score_of(job))]
        return bool(self._others(keys=[keys.WAIT], args=args))

    def runnable_count(self, queue: str, enough: int) -> int:
        """How many jobs could be pulled now, `enough` at most."""
        return int(self._startable(keys=[keys.WAIT], args=[queue, enough]))

    def record_duration(self, queue: str, tenant: str, seconds: float) -> None:
        """A job took so long; averages move by a fifth, for the queue and for the tenant."""
        for field in (queue, f"{queue}:{tenant}"):
            known = self._redis.hget(_PACE, field)
            average = seconds if known is None else float(known)
            average += _WEIGHT * (seconds - average)
            self._redis.hset(_PACE, field, f"{average:.3f}")

    def reconcile_running(self) -> list[str]:
        """Takes entries that are over off the lists of running ones: their worker died at the end.
        Returns jobs that are listed as running, and are not over, and have no lease."""
        now, lost = self._clock(), []
        for tenant in map(text, self._redis.smembers(_BUSY)):
            name = keys.running_of(tenant)
            old = self._redis.zrangebyscore(name, "-inf", now - STALE_S, start=0, num=200)
            for entry in map(text, old):
                if self._over(entry):
                    self._redis.zrem(name, entry)
                    continue
                self._redis.zadd(name, {entry: now}, xx=True)
                if not job_of_entry(entry) and not self._redis.exists(keys.lease(entry)):
                    lost.append(entry)
            if not self._redis.exists(name):
                self._redis.srem(_BUSY, tenant)
        return lost

    def _over(self, name: str) -> bool:
        job_id = job_of_entry(name) or name
        status = self._redis.hget(keys.job(job_id), "status")
        return status is None or JobStatus(msgspec.json.decode(status)).final


_PACE = f"{keys.WAIT}:pace"
_BUSY = f"{keys.WAIT}:busy"


def limit_arg(most: int | None) -> int:
    """A limit as the scripts take it."""
    return _NO_LIMIT if most is None else most


def _entering(jobs: Sequence[Job], running: int | None, most: int | None) -> list[Any]:
    """Arguments of the script that lists jobs of one tenant and queue."""
    first = jobs[0]
    args: list[Any] = [first.waits_in, first.tenant, limit_arg(running), limit_arg(most)]
    for number, job in enumerate(jobs):
        args += (score_of(job, number), job.id)
    return args


def score_of(job: Job, number: int = 0) -> float:
    """Where a job stands among its tenant's: by priority, then by time of creation; `number` keeps
    jobs of one instant in order."""
    created = datetime.fromisoformat(job.createdAt).timestamp()
    return _CLASSES[job.priority] * _CLASS_S + created + number * 1e-5
