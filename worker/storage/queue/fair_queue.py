"""The fair queue: jobs are queued by tenant, and tenants are served in equal shares of time.

Within a tenant priority decides, then age. Between tenants start-time fair queuing decides: a
tenant that queues 10,000 jobs delays another's single job by about one job's duration at most. A
tenant at its limit of running jobs is skipped.

An entry is a job, whatever its next stage, a segment of one, or a batch with a manifest. A popped
entry is in no queue until it is claimed; a sweep queues entries again that were not, and batches
when they are due.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from worker.contract.jobs import Job, JobStatus, Priority
from worker.contract.queue_entries import job_of_entry
from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.store import DueSet, Store, load_script

JOB_QUEUES = ("pose.cpu", "pose.gpu", "export")
"""The fair queues of jobs: one for each kind of worker that a stage may need."""
MANIFEST = "manifest"
"""The fair queue of batches whose manifests are to be read on; they count in no limit."""
QUEUES = (*JOB_QUEUES, MANIFEST)
STALE_S = 20.0
"""Seconds after which `reconcile_running` checks whether a running job still runs."""
_CLASSES: dict[Priority, int] = {"high": 0, "normal": 1, "low": 2}
# offset of a priority class: above any unix time, and small enough for microseconds in a double
_CLASS_S = 1e10
_WEIGHT = 0.2
LATER = "later"
"""Instead of a queue's name: the entry is in no queue until a sweep queues it (a back-off)."""


@dataclass(frozen=True)
class QueuePosition:
    """A job's position in its queue.

    `before` is the number of jobs that start earlier if none is added, `pace` the average duration
    of the queue's jobs in seconds (None before the first), `running` the number of jobs that run,
    of all queues.
    """

    before: int
    pace: float | None
    running: int


class FairQueue(Store):
    """The fair queues in Redis; `unclaimed` are entries in no queue by the time since when."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        super().__init__(client, clock)
        self.unclaimed = DueSet(client, keys.QUEUED, clock)

    def push(self, jobs: Sequence[Job], running: int | None) -> None:
        """Queues jobs of one tenant and queue, whose limit of running jobs is `running`.

        They are ordered by priority and time of creation, so that a requeued one is not last; those
        of one instant keep their order.
        """
        scored = [part for n, job in enumerate(jobs) for part in (score_of(job, n), job.id)]
        if jobs:
            self._push(jobs[0].waits_in, jobs[0].tenant, running, *scored)

    def push_batch(self, tenant: str, batch_id: str, running: int | None) -> None:
        """Queues a batch whose manifest is to be read on; `running` as for `push`."""
        self._push(MANIFEST, tenant, running, self._clock(), batch_id)

    def _push(self, queue: str, tenant: str, running: int | None, *scored: float | str) -> None:
        self._run("queue/push", [keys.WAIT], [queue, tenant, limit_arg(running), *scored])

    def pop(self, queue: str) -> tuple[str, str] | None:
        """Pops the next entry and returns it with its tenant; None if none may run.

        All but batches count as running then.
        """
        found = self._run("queue/pop", [keys.WAIT], [queue, self._clock()])
        return (text(found[0]), text(found[1])) if found else None

    def remove(self, tenant: str, job_id: str) -> None:
        """Removes an ended or erased job from the queues and from the running ones."""
        self._run("queue/remove", [keys.WAIT], [tenant, job_id, ""])

    def mark_running(self, tenant: str, job_id: str) -> None:
        """Removes a job from the queues and counts it as running."""
        self._run("queue/remove", [keys.WAIT], [tenant, job_id, self._clock()])

    def length(self, tenant: str) -> int:
        """Returns the number of a tenant's queued jobs."""
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in JOB_QUEUES:
                pipe.zcard(keys.waiting(queue, tenant))
            return sum(pipe.execute())

    def total(self) -> int:
        """Returns the number of queued jobs, those in no queue included."""
        return int(self._redis.zcard(keys.QUEUED)) + sum(self.backlog(q)[0] for q in JOB_QUEUES)

    def backlog(self, queue: str) -> tuple[int, float]:
        """Returns the number of jobs in a queue, and the age of the oldest in seconds."""
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
        """Estimates a job's position; None if it is not queued.

        Exact within the tenant. Between tenants each job is assumed to take its tenant's average
        duration, and limits of running jobs are ignored.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            self.place_in(pipe, job)
            return self.place_of(pipe.execute())

    @staticmethod
    def place_in(pipe: Client, job: Job) -> None:
        """Adds the commands whose replies `place_of` reads to a pipeline."""
        # EVAL: a registered script in a pipeline costs a round trip more (is it known?)
        script = load_script("queue/position")
        pipe.eval(script, 1, keys.WAIT, job.waits_in, job.tenant, job.id)
        pipe.zscore(keys.QUEUED, job.id)
        pipe.hget(_PACE, job.waits_in)
        pipe.zcard(keys.RUNNING)

    @staticmethod
    def place_of(replies: Sequence[Any]) -> QueuePosition | None:
        """Reads a position from the replies to `place_in`, the last four of `replies`."""
        before, queued, pace, running = replies[-4:]
        if before < 0 and queued is None:
            return None
        return QueuePosition(
            max(int(before), 0), None if pace is None else float(pace), int(running)
        )

    def should_preempt(self, job: Job) -> bool:
        """Returns whether another job would be popped before this one, if it were requeued now."""
        args = [job.waits_in, job.tenant, repr(score_of(job))]
        return bool(self._run("queue/should_preempt", [keys.WAIT], args))

    @staticmethod
    def runnable_count(pipe: Client, queue: str, enough: int) -> Any:
        """Adds to a pipeline, or asks a client, how many jobs could be popped now, at most
        `enough`."""
        script = load_script("queue/runnable_count")  # EVAL: as above
        return pipe.eval(script, 1, keys.WAIT, queue, enough)

    def record_duration(self, queue: str, tenant: str, seconds: float) -> None:
        """Updates the moving averages (weight 1/5) of job durations of the queue and the tenant."""
        fields = [queue, f"{queue}:{tenant}"]
        self._run("queue/record_duration", [_PACE], [_WEIGHT, seconds, *fields])

    def reconcile_running(self) -> list[str]:
        """Removes ended jobs that a crash left among the running ones.

        Returns jobs that are listed as running for STALE_S, have not ended and have no lease.
        """
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
    """Converts a limit to the scripts' form: -1 for none."""
    return -1 if most is None else most


def score_of(job: Job, number: int = 0) -> float:
    """Returns the score of a job in its tenant's queue: by priority, then time of creation.

    `number` orders jobs of one instant, by 10 µs each.
    """
    created = datetime.fromisoformat(job.createdAt).timestamp()
    return _CLASSES[job.priority] * _CLASS_S + created + number * 1e-5
