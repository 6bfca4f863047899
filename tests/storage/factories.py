"""What tests of the store do again and again: a job, entries, a worker that dies."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass
from typing import Any

from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.messages import Counter, Entry, Progression
from worker.contract.options import JobOptions
from worker.contract.plans import Plan
from worker.storage import keys
from worker.storage.jobs.leases import Claim, LeaseStore
from worker.storage.queue.fair_queue import QUEUES
from worker.storage.stores import Stores

_numbers = itertools.count(1)


@dataclass
class Clock:
    """A clock that stands still until it is moved; seconds."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def patient(stores: Stores) -> Stores:
    """The same stores, but for leases that outlast a slow machine's pauses."""
    return changed(stores, leases=LeaseStore(stores.redis, ttl_s=600))


def changed(stores: Stores, **others: Any) -> Stores:
    """A copy of `stores` with other stores or settings."""
    copied = copy.copy(stores)
    vars(copied).update(others)
    return copied


def new_job(stores: Stores, tenant: str = "acme", **fields: Any) -> Job:
    """A queued job in the store, which a worker has pulled."""
    values: dict[str, Any] = {
        "source": "video",
        "input": JobInput(uploadId="upl_1", key="uploads/acme/upl_1"),
        "options": JobOptions(exercise="squat"),
        "createdAt": "2026-01-01T00:00:00.000Z",
        **fields,
    }
    job = Job(
        id=f"job_{next(_numbers)}",
        tenant=tenant,
        plan=Plan.DEVELOPER,
        status=JobStatus.QUEUED,
        **values,
    )
    stores.jobs.create_all([job])
    pull(stores, job)
    return job


def pull(stores: Stores, job: Job) -> None:
    """A worker has pulled the job and not claimed it yet: it is on no list."""
    stores.fair_queue.remove(job.tenant, job.id)
    stores.redis.zadd(keys.QUEUED, {job.id: stores.jobs._clock()})


def attempt_of(claim: Claim) -> int:
    """The number of the attempt that a claim began."""
    assert claim.job is not None
    return claim.job.attempt


def counters(first: int, last: int) -> list[Entry]:
    """One counter a frame."""
    return [Entry(f"{n}-1", Counter(current_count=n)) for n in range(first, last + 1)]


def progress(place: int) -> Entry:
    """A per-frame message."""
    return Entry(f"{place}-1", Progression(value=float(place)))


def die(stores: Stores, job_id: str) -> None:
    """The worker falls silent: its lease runs out."""
    assert stores.redis.delete(keys.lease(job_id)) == 1


def ids(stores: Stores, job_id: str) -> list[str]:
    """Entry ids of the job's stream."""
    return [entry for entry, _, _ in stores.streams.scan(job_id)]


def contents(stores: Stores, job_id: str) -> dict[str, Any]:
    """Everything that a worker may write of a job, but the time its lease has left."""
    return {
        "record": stores.redis.hgetall(keys.job(job_id)),
        "log": list(stores.poses.read(job_id)),
        "messages": list(stores.streams.scan(job_id)),
        "lease": stores.redis.get(keys.lease(job_id)),
    }


def listed(stores: Stores) -> list[tuple[str, str]]:
    """What waits in the fair queue: entries and their queues."""
    found: list[tuple[str, str]] = []
    for queue in QUEUES:
        for tenant in stores.redis.zrange(keys.waiting_tenants(queue), 0, -1):
            entries = stores.redis.zrange(keys.waiting(queue, tenant.decode()), 0, -1)
            found += [(entry.decode(), queue) for entry in entries]
    return found
