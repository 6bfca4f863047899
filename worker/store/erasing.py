"""Erasure of a job: its objects, its upload and every key.

A worker may be in the middle of an upload when its job is erased, and writes one more object after
it. So a job that was active lately is noted, and `sweep_erased` looks again later.
"""

from __future__ import annotations

import time
from datetime import datetime

import msgspec

from worker.contract.jobs import Job
from worker.contract.references import Reference
from worker.store import keys
from worker.store.bundle import Stores
from worker.store.errors import NotFound
from worker.store.objects import job_prefix

SWEEP_AFTER_S = 600.0
"""Seconds after an erasure at which no write of a stopped worker can be under way any more."""


class _Erased(msgspec.Struct, frozen=True):
    tenant: str
    job: str
    upload: str | None


def erase_job(stores: Stores, job: Job) -> None:
    """Erases upload, poses, messages, exports and record; a running worker stops at its next step.

    The record goes first, so that nothing of the job is committed from then on. Raises
    StoreUnavailable where S3 does not answer; then the sweep erases what is left.
    """
    note = msgspec.json.encode(_Erased(job.tenant, job.id, job.input.uploadId))
    stores.redis.zadd(keys.ERASED, {note: time.time()})
    stores.jobs.erase(job)
    _erase_objects(stores, job.tenant, job.id, job.input.uploadId)
    if job.status.final and _long_over(job, stores):
        stores.redis.zrem(keys.ERASED, note)


def erase_reference(stores: Stores, reference: Reference) -> None:
    """Erases a reference, and the job that is making it with its clip."""
    stores.references.erase(reference)
    try:
        erase_job(stores, stores.jobs.get(reference.job))
    except NotFound:
        return


def sweep_erased(stores: Stores) -> int:
    """Erases again what late writers left of jobs erased a while ago; returns how many jobs."""
    ripe = stores.redis.zrangebyscore(keys.ERASED, "-inf", time.time() - SWEEP_AFTER_S)
    for note in ripe:
        erased = msgspec.json.decode(note, type=_Erased)
        stores.redis.delete(*keys.of_job(erased.job))
        _erase_objects(stores, erased.tenant, erased.job, erased.upload)
        stores.redis.zrem(keys.ERASED, note)
    return len(ripe)


def _erase_objects(stores: Stores, tenant: str, job_id: str, upload_id: str | None) -> None:
    stores.objects.delete_below(job_prefix(tenant, job_id))
    if upload_id is None:
        return
    try:
        upload = stores.uploads.get(upload_id, tenant)
    except NotFound:
        return
    stores.objects.delete(upload.key)
    stores.uploads.forget(upload_id)


def _long_over(job: Job, stores: Stores) -> bool:
    """Whether the job ended so long ago that its archive is written too."""
    if job.finishedAt is None:
        return False
    ended = datetime.fromisoformat(job.finishedAt)
    return (datetime.fromisoformat(stores.jobs.now()) - ended).total_seconds() > SWEEP_AFTER_S
