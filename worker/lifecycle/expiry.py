"""Erases jobs, exports and uploads at the end of their plan's retention."""

from __future__ import annotations

import structlog

from worker.lifecycle.deletion import (
    ErasureRecord,
    erase_job,
    erase_rest,
    erase_upload,
    upload_read,
)
from worker.storage.errors import Newer, StoreUnavailable
from worker.storage.objects.object_keys import job_prefix
from worker.storage.objects.retention import RetentionItem
from worker.storage.stores import Stores

log = structlog.get_logger()

_A_ROUND = 20
"""Items erased per round, so that the sweep does not delay the rest of the housekeeping loop."""


class _InUse(Exception):
    """Raised for an upload that a job still reads; it is retried later."""


def sweep_retention(stores: Stores) -> int:
    """Erases items whose retention is over, up to 20 at a time; returns their number."""
    gone = 0
    for kept in stores.retention.due(_A_ROUND):
        try:
            _erase(stores, kept)
        except StoreUnavailable as error:
            log.warning("retention_put_off", kind=kept.kind, error=str(error))
            continue
        except (_InUse, Newer):
            continue
        stores.retention.done(kept)
        gone += 1
    return gone


def _erase(stores: Stores, kept: RetentionItem) -> None:
    if kept.kind == "upload":
        if upload_read(stores, str(kept.upload)):
            raise _InUse
        erase_upload(stores, kept.tenant, kept.upload)
        return
    job_id = str(kept.job)
    if kept.kind == "exports":
        stores.objects.delete_prefix(job_prefix(kept.tenant, job_id) + "exports/")
        stores.jobs.change(job_id, {"exports": []})
        return
    if job := stores.jobs.find(job_id):
        erase_job(stores, job)
    else:  # the record has expired in Redis; its objects are left
        erase_rest(stores, ErasureRecord(kept.tenant, job_id, kept.upload))
        if kept.batch is not None:
            stores.batches.forget(kept.batch, job_id)
