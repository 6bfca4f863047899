"""Erases jobs: their objects, upload, keys, and entries on the firehose.

A worker may be storing an object while its job is erased, which then appears after the erasure. So
a record stays, by which `sweep_erased` deletes the job's entries on the shared firehose, and what
came late.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import structlog

from worker.contract.jobs import Job
from worker.contract.references import Reference
from worker.storage import keys
from worker.storage.clock import unix
from worker.storage.connection import text
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.jobs.records import ERASED_S
from worker.storage.objects.object_keys import job_prefix, upload_key
from worker.storage.objects.retention import DAY_S
from worker.storage.stores import Stores

log = structlog.get_logger()

_CLOCKS_S = 60.0
"""Seconds by which the clocks of workers, the API and Redis may differ: a job's entries are on the
firehose between its creation and its end, as its last one is written with its end."""
_PAGE = 1000
_UNKNOWN_EVERY_S = 60
_PAUSE_S = 3600
_ERASED, _LATE = 200, 50
"""Erased jobs and uploads of one round."""


class ErasureRecord(msgspec.Struct, frozen=True):
    """A job that was erased at `at`; its firehose entries are between `since` and `until`.

    All are unix times. `until` is None where the job had not ended; `at` is None where only its
    entries are left to be deleted, 0 where an API of the version before this noted it.
    """

    tenant: str
    job: str
    upload: str | None
    since: float = 0.0
    until: float | None = None
    at: float | None = 0.0


def erase_job(stores: Stores, job: Job) -> None:
    """Erases upload, poses, messages, exports and record; a running worker stops at its next step.

    The record is deleted first, so that nothing can be committed after it. Raises StoreUnavailable
    where S3 does not answer; a sweep erases the rest then.
    """
    ended = unix(job.finishedAt) if job.finishedAt and job.status.final else None
    now, since = stores.clock(), unix(job.createdAt) - _CLOCKS_S
    until = None if ended is None else ended + _CLOCKS_S
    record = ErasureRecord(job.tenant, job.id, job.input.uploadId, since, until, now)
    stores.erased.put(_note(record), now)
    completed = stores.jobs.erase(job)
    stores.erased.put(_note(record), now)  # a sweep that found the job put it off
    if completed and job.batchId is not None:
        stores.batches.announce(job.batchId)
    stores.retention.forget_job(job)
    _erase_webhooks(stores, job.id)
    stores.objects.delete_prefix(job_prefix(job.tenant, job.id))
    leave_upload(stores, job, erase=True)
    if ended is not None and now - ended > ERASED_S:  # no late write is possible
        stores.erased.put(_note(msgspec.structs.replace(record, at=None)), now)
        stores.erased.remove(_note(record))


def _note(record: ErasureRecord) -> str:
    return msgspec.json.encode(record).decode()


def erase_reference(stores: Stores, reference: Reference) -> None:
    """Erases a reference, and the job that makes it together with its clip."""
    stores.references.erase(reference)
    if job := stores.jobs.find(reference.job):
        erase_job(stores, job)


def erase_rest(stores: Stores, erased: ErasureRecord) -> None:
    """Erases the remaining keys and objects of a job whose record is gone."""
    stores.redis.delete(*keys.of_job(erased.job))
    stores.redis.zrem(keys.tenant_jobs(erased.tenant), erased.job)
    _erase_webhooks(stores, erased.job)
    _erase_objects(stores, erased)


def erase_upload(stores: Stores, tenant: str, upload_id: str | None) -> None:
    """Erases an upload, its bytes and its record; does nothing where it is gone.

    A presigned URL that is still valid may bring the bytes back: they are deleted once more when
    it has expired.
    """
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
    """Removes a job from the readers of its upload; after the last one the upload may be erased.

    It is erased if any of its readers asked for that by `erase`, which has an effect only for the
    job's own upload, not for one of the job whose poses it analyses again.
    """
    upload_id = job.input.reads_upload
    if upload_id is None:
        return
    own = job.input.uploadId is not None
    if stores.uploads.leave(upload_id, job.id, erase=erase and own):
        erase_upload(stores, job.tenant, upload_id)


def upload_read(stores: Stores, upload_id: str) -> bool:
    """Returns whether a job still reads the upload; removes readers that are over or erased."""
    readers = stores.uploads.read_by(upload_id)
    for job_id in readers:
        if stores.jobs.over(job_id):
            stores.uploads.leave(upload_id, job_id, erase=False)
    return not all(map(stores.jobs.over, readers))


def sweep_uploads(stores: Stores) -> int:
    """Deletes bytes uploaded after the erasure, and a page of objects without a record.

    Returns the number of objects.
    """
    count = 0
    for note in stores.uploads.late.take_all(_UNKNOWN_EVERY_S, _LATE):
        tenant, upload_id = msgspec.json.decode(note, type=tuple[str, str])
        if not any(stores.uploads.known([upload_id])):
            _delete_upload(stores, tenant, upload_id, in_parts=True)
            count += 1
        stores.uploads.late.remove(note)
    return count + _sweep_unknown(stores)


def _delete_upload(stores: Stores, tenant: str, upload_id: str, *, in_parts: bool) -> None:
    key = upload_key(tenant, upload_id)
    stores.objects.delete(key)
    if in_parts:
        stores.objects.abort_parts(key)


def _sweep_unknown(stores: Stores) -> int:
    """Checks one page of all uploads per minute across all workers, then pauses for an hour."""
    redis, cursor = stores.redis, keys.UPLOADS_CURSOR
    if not redis.set(keys.UPLOADS_SEARCHED, 1, nx=True, ex=_UNKNOWN_EVERY_S):
        return 0
    old = unix(stores.jobs.now()) - stores.uploads.ttl_s - _UNKNOWN_EVERY_S
    page = stores.objects.page_below("uploads/", text(redis.get(cursor) or b""), _PAGE)
    known = stores.uploads.known([key.rpartition("/")[2] for key, _ in page])
    rows = zip(page, known, strict=True)
    lost = [key for (key, changed), there in rows if not there and changed < old]
    for key in lost:
        stores.objects.delete(key)
    if lost:
        log.info("unknown_uploads_deleted", count=len(lost))
    if len(page) == _PAGE:
        redis.set(cursor, page[-1][0])
    else:
        stores.objects.abort_parts("uploads/", old - DAY_S)
        redis.delete(cursor)
        redis.expire(keys.UPLOADS_SEARCHED, _PAUSE_S)
    return len(lost)


def sweep_erased(stores: Stores) -> int:
    """Deletes the firehose entries of erased jobs and what was written late, soon and once more
    ERASED_S after the erasure; returns the number of jobs.

    Skips an id that a new job has: ids follow from Idempotency-Keys, and those expire.
    """
    now = stores.clock()
    # an API of the version before this notes entries there: to be deleted with the next version
    for old in stores.redis.zrange(keys.ERASED_ENTRIES, 0, _ERASED - 1):
        stores.erased.put(text(old), now)
        stores.redis.zrem(keys.ERASED_ENTRIES, old)
    notes = stores.erased.take_all(ERASED_S, _ERASED)
    records = {note: msgspec.json.decode(note, type=ErasureRecord) for note in notes}
    gone = [one for one in records.values() if not stores.jobs.exists(one.job)]
    _erase_entries(stores, gone)
    for note, one in records.items():
        try:
            if one.at is not None and one in gone:
                erase_rest(stores, one)
        except StoreUnavailable as error:
            log.warning("erasure_put_off", job=one.job, error=str(error))
            continue
        if one.at == 0.0:
            stores.erased.put(_note(msgspec.structs.replace(one, at=now)), now + ERASED_S)
        if one.at is None or one.at + ERASED_S <= now:
            stores.erased.remove(note)
    return len(gone)


def _erase_entries(stores: Stores, records: Sequence[ErasureRecord]) -> None:
    by_partition: defaultdict[str, list[ErasureRecord]] = defaultdict(list)
    for erased in records:
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
    """Erases a job's pending webhook deliveries and the records of past ones."""
    stores.deliveries.erase(stores.delivery_schedule.erase(job_id))


def _erase_objects(stores: Stores, erased: ErasureRecord) -> None:
    stores.objects.delete_prefix(job_prefix(erased.tenant, erased.job))
    upload_id = erased.upload
    if upload_id is not None and stores.uploads.leave(upload_id, erased.job, erase=True):
        erase_upload(stores, erased.tenant, upload_id)
