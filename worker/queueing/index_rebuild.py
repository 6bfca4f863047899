"""Rebuilds all indexes of jobs from their records: after Redis lost keys, and for
`posequeue doctor --repair`.

An index is a list, sorted set or count of `keys.py` that repeats, for fast access, what records and
leases say. Correct entries stay as they are.
"""

from __future__ import annotations

import contextlib
from collections import Counter

import structlog

from worker.contract.errors import DecodeError
from worker.contract.jobs import Job
from worker.storage import keys
from worker.storage.clock import unix
from worker.storage.connection import text
from worker.storage.errors import Newer, NotFound
from worker.storage.stores import Stores

log = structlog.get_logger()

_PAGE = 1000
_LOCK_S = 60


def rebuild_if_lost(stores: Stores) -> bool:
    """Rebuilds the indexes if the fair queue's keys are gone; returns whether it did.

    A lock lets one of several concurrent callers do it.
    """
    if stores.redis.exists(keys.INDEXED):
        return False
    if not stores.redis.set(keys.REBUILDING, 1, nx=True, ex=_LOCK_S):
        return False
    counts = rebuild(stores)
    if counts:
        log.warning("indexes_rebuilt", **counts)
    return True


def rebuild(stores: Stores) -> dict[str, int]:
    """Adds every job and batch to the indexes where it belongs.

    Returns the numbers of jobs `waiting`, `running` and `to_archive`, and of `broken` records.
    """
    counts: Counter[str] = Counter()
    for key in stores.redis.scan_iter(match="pq:{job_*}:job", count=_PAGE):
        job_id = text(key)[len("pq:{") : -len("}:job")]
        try:
            job = stores.jobs.find(job_id)
        except Newer:
            continue
        except DecodeError:
            counts["broken"] += 1
            continue
        if job is not None:
            counts[_relist(stores, job)] += 1
    for key in stores.redis.scan_iter(match="pq:{bat_*}:batch", count=_PAGE):
        batch_id = text(key)[len("pq:{") : -len("}:batch")]
        with contextlib.suppress(NotFound):
            if not stores.batches.get(batch_id).announced:
                stores.redis.zadd(keys.BATCHES, {batch_id: 0}, nx=True)
    stores.redis.set(keys.INDEXED, 1)
    counts.pop("", None)
    return dict(counts)


def _relist(stores: Stores, job: Job) -> str:
    redis = stores.redis
    if job.input.referenceId is None:
        redis.zadd(keys.tenant_jobs(job.tenant), {job.id: unix(job.createdAt)}, nx=True)
    if job.status.final:
        if redis.ttl(keys.job(job.id)) >= 0:
            return ""  # archived: its record expires
        redis.zadd(keys.CLOSED, {job.id: unix(job.finishedAt or job.createdAt)}, nx=True)
        return "to_archive"
    if job.deadlineAt is not None:
        redis.zadd(keys.DEADLINES, {job.id: unix(job.deadlineAt)}, nx=True)
    if job.input.reads_upload is not None:
        redis.sadd(keys.upload_jobs(job.input.reads_upload), job.id)
    if stores.leases.relist(job.id):
        stores.fair_queue.mark_running(job.tenant, job.id)
        return "running"
    limit = stores.settings.limits(job.plan).runningJobs
    return "waiting" if stores.leases.requeue_lost(job, limit) else ""
