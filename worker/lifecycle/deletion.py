"""Erasure of a job: its objects, its upload, every key, and its entries on the firehose.

A worker may be in the middle of an upload when its job is erased, and writes one more object after
it. So a job that was active lately is noted, and `purge_late_writes` looks again later. The entries
on the firehose, which is shared, are looked for by the next sweep, between the job's first and
last.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import structlog

from worker.contract.jobs import Job
from worker.contract.references import Reference
from worker.storage import keys
from worker.storage.connection import text
from worker.storage.errors import NotFound
from worker.storage.objects.retention import DAY_S
from worker.storage.objects.s3 import job_prefix, upload_key
from worker.storage.objects.uploads import ALL_SEEN
from worker.storage.stores import Stores
from worker.storage.timestamps import unix

log = structlog.get_logger()

SWEEP_AFTER_S = 600.0
"""Seconds after an erasure at which no write of a stopped worker can be under way any more."""
_TOLD_S = 86_400.0
"""Seconds after a job's end within which the last of it is on the firehose: its archive retries."""
_PAGE = 1000
_UNKNOWN_EVERY_S = 60
_PAUSE_S = 3600


class ErasureRecord(msgspec.Struct, frozen=True):
    """What was erased; entries of the job are between `since` and `until`, in unix time."""

    tenant: str
    job: str
    upload: str | None
    since: float = 0.0
    until: float | None = None


def erase_job(stores: Stores, job: Job) -> None:
    """Erases upload, poses, messages, exports and record; a running worker stops at its next step.

    The record goes first, so that nothing of the job is committed from then on. Raises
    StoreUnavailable where S3 does not answer; then the sweep erases what is left.
    """
    ended = unix(job.finishedAt) if job.finishedAt and job.status.final else None
    until = None if ended is None else ended + _TOLD_S
    # the clocks of who made it and of Redis may differ by a little
    since = unix(job.createdAt) - 60
    erased = ErasureRecord(job.tenant, job.id, job.input.uploadId, since, until)
    note = msgspec.json.encode(erased)
    stores.redis.zadd(keys.ERASED, {note: time.time()})
    stores.redis.zadd(keys.ERASED_ENTRIES, {note: time.time()})
    stores.usage.meter_erased(job)
    stores.waiting.remove(job.tenant, job.id)
    key = stores.jobs.idempotency_key(job.id)
    if key is not None:
        stores.idempotency.forget(job.tenant, key)
    stores.jobs.erase(job)
    if job.batchId is not None:
        stores.batches.forget(job.batchId, job.id)
    stores.retention.forget_job(job)
    _erase_webhooks(stores, job.id)
    stores.objects.delete_prefix(job_prefix(job.tenant, job.id))
    leave_upload(stores, job, erase=True)
    if ended is not None and unix(stores.jobs.now()) - ended > SWEEP_AFTER_S:
        stores.redis.zrem(keys.ERASED, note)  # its archive is written too: nothing comes late


def erase_reference(stores: Stores, reference: Reference) -> None:
    """Erases a reference, and the job that is making it with its clip."""
    stores.references.erase(reference)
    try:
        erase_job(stores, stores.jobs.get(reference.job))
    except NotFound:
        return


def erase_rest(stores: Stores, erased: ErasureRecord) -> None:
    """Erases what is left of a job whose record is gone."""
    stores.redis.delete(*keys.of_job(erased.job))
    stores.redis.zrem(keys.tenant_jobs(erased.tenant), erased.job)
    _erase_webhooks(stores, erased.job)
    _erase_objects(stores, erased)


def erase_upload(stores: Stores, tenant: str, upload_id: str | None) -> None:
    """Erases an upload, its bytes and its record; one that is gone is fine. A URL that still takes
    its bytes may bring them back: they are deleted once more when none does."""
    if upload_id is None:
        return
    until: float | None = None
    in_parts = True
    with contextlib.suppress(NotFound):
        upload = stores.uploads.get(upload_id, tenant)
        until, in_parts = upload.urlsUntil, upload.partsId is not None
    _delete_upload(stores, tenant, upload_id, in_parts=in_parts)
    stores.uploads.erase_late(tenant, upload_id, until)
    stores.uploads.forget(tenant, upload_id)
    stores.retention.forget_upload(tenant, upload_id)


def leave_upload(stores: Stores, job: Job, *, erase: bool) -> None:
    """A job reads its upload no more; it is erased once no other job does, if any wanted that.

    Only the job's own upload can be wanted gone: another's is not its to erase.
    """
    upload_id = job.input.reads_upload
    if upload_id is None:
        return
    own = job.input.uploadId is not None
    if stores.uploads.leave(upload_id, job.id, erase=erase and own):
        erase_upload(stores, job.tenant, upload_id)


def upload_read(stores: Stores, upload_id: str) -> bool:
    """Whether a job still reads the upload; forgets those that are over, or gone."""
    readers = stores.uploads.read_by(upload_id)
    for job_id in readers:
        if stores.jobs.over(job_id):
            stores.uploads.leave(upload_id, job_id, erase=False)
    return not all(map(stores.jobs.over, readers))


def sweep_uploads(stores: Stores) -> int:
    """Deletes bytes that came by a URL after their upload was erased, and a page of those that no
    record knows; returns how many objects."""
    count = 0
    for tenant, upload_id in stores.uploads.late():
        if not any(stores.uploads.known([upload_id])):
            _delete_upload(stores, tenant, upload_id, in_parts=True)
            count += 1
    return count + _sweep_unknown(stores)


def _delete_upload(stores: Stores, tenant: str, upload_id: str, *, in_parts: bool) -> None:
    key = upload_key(tenant, upload_id)
    stores.objects.delete(key)
    if in_parts:
        stores.objects.abort_parts(key)


def _sweep_unknown(stores: Stores) -> int:
    """One page of all uploads a minute, by whichever worker comes first; then an hour of rest."""
    redis, cursor = stores.redis, keys.UPLOADS_CURSOR
    if not stores.uploads.search_due():
        return 0
    if not redis.set(keys.UPLOADS_SEARCHED, 1, nx=True, ex=_UNKNOWN_EVERY_S):
        return 0
    after = text(redis.get(cursor) or b"")
    old = unix(stores.jobs.now()) - stores.uploads.ttl_s - _UNKNOWN_EVERY_S
    page = stores.objects.page_below("uploads/", after, _PAGE)
    names = [key.rpartition("/")[2] for key, _ in page]
    known = stores.uploads.known(names)
    rows = zip(page, known, strict=True)
    lost = [key for (key, changed), there in rows if not there and changed < old]
    for key in lost:
        stores.objects.delete(key)
    if lost:
        log.info("unknown_uploads_deleted", count=len(lost))
    ended = len(page) < _PAGE
    if ended:
        stores.objects.abort_parts("uploads/", old - DAY_S)
    redis.set(cursor, ALL_SEEN if ended else page[-1][0], ex=_PAUSE_S if ended else None)
    return len(lost)


def erasures_due(stores: Stores) -> bool:
    """Whether anything of erased jobs is to be looked for now."""
    if stores.redis.exists(keys.ERASED_ENTRIES):
        return True
    return bool(stores.redis.zcount(keys.ERASED, "-inf", time.time() - SWEEP_AFTER_S))


def purge_late_writes(stores: Stores) -> int:
    """Erases again what late writers left of jobs erased a while ago; returns how many jobs."""
    ripe = stores.redis.zrangebyscore(keys.ERASED, "-inf", time.time() - SWEEP_AFTER_S)
    _erase_entries(stores, ripe)
    for note in ripe:
        erase_rest(stores, msgspec.json.decode(note, type=ErasureRecord))
        stores.redis.zrem(keys.ERASED, note)
    return len(ripe)


def sweep_entries(stores: Stores) -> int:
    """Takes the entries of jobs just erased off the firehose; returns how many jobs."""
    notes = stores.redis.zrange(keys.ERASED_ENTRIES, 0, 199)
    _erase_entries(stores, notes)
    if notes:
        stores.redis.zrem(keys.ERASED_ENTRIES, *notes)
    return len(notes)


def _erase_entries(stores: Stores, notes: Sequence[bytes]) -> None:
    by_partition: defaultdict[str, list[ErasureRecord]] = defaultdict(list)
    for note in notes:
        erased = msgspec.json.decode(note, type=ErasureRecord)
        name = keys.firehose(erased.job, stores.settings.firehose_partitions)
        by_partition[name].append(erased)
    for name, some in by_partition.items():
        names = {erased.job.encode() for erased in some}
        low = str(max(0, int(min(erased.since for erased in some) * 1000)))
        ends = [erased.until for erased in some if erased.until is not None]
        high = str(int(max(ends) * 1000)) if len(ends) == len(some) else "+"
        _delete_entries(stores, name, names, low, high)


def _delete_entries(stores: Stores, name: str, jobs: set[bytes], low: str, high: str) -> None:
    page = stores.redis.xrange(name, low, high, count=_PAGE)
    while page:
        found = [entry for entry, fields in page if fields.get(b"job") in jobs]
        if found:
            stores.redis.xdel(name, *found)
        if len(page) < _PAGE:
            return
        page = stores.redis.xrange(name, f"({page[-1][0].decode()}", high, count=_PAGE)


def _erase_webhooks(stores: Stores, job_id: str) -> None:
    """What was to be delivered of a job, and the records of what was."""
    stores.deliveries.erase(stores.turns.erase(job_id))


def _erase_objects(stores: Stores, erased: ErasureRecord) -> None:
    stores.objects.delete_prefix(job_prefix(erased.tenant, erased.job))
    upload_id = erased.upload
    if upload_id is not None and stores.uploads.leave(upload_id, erased.job, erase=True):
        erase_upload(stores, erased.tenant, upload_id)
