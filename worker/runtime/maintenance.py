"""What is due and may wait on the object store: in a worker's pool, never in its consuming loop.

A wake-up names nothing; what is due is taken from Redis, each thing by one process alone. Where
that dies, or the object store is silent, it is due again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from worker.lifecycle.completion import archive_job
from worker.lifecycle.deletion import (
    erasures_due,
    purge_late_writes,
    sweep_entries,
    sweep_uploads,
)
from worker.lifecycle.expiry import sweep_retention
from worker.storage.stores import Stores
from worker.submission.batches import recover_batch

log = structlog.get_logger()

ARCHIVE_AGAIN_S = 120.0
"""Seconds after which a job whose archive did not come about is tried again."""
_AT_ONCE = 20


def due(stores: Stores) -> bool:
    """Whether there is anything to do."""
    return bool(
        stores.jobs.count_unarchived()
        or stores.batches.count_due()
        or stores.retention.count_due()
        or stores.uploads.count_due()
        or erasures_due(stores)
    )


def run_maintenance(stores: Stores, stopping: Callable[[], bool] = lambda: False) -> None:
    """Everything that is due, a little at a time; one thing's failure does not hold the rest."""
    while jobs := stores.jobs.unarchived(ARCHIVE_AGAIN_S, _AT_ONCE):
        for job_id in jobs:
            _attempt("archive", partial(archive_job, stores, job_id))
        if stopping():
            return
    for batch_id in stores.batches.due():
        _attempt("batch", partial(recover_batch, stores, batch_id))
        if stopping():
            return
    for sweep in (sweep_entries, purge_late_writes, sweep_uploads, sweep_retention):
        _attempt(sweep.__name__, partial(sweep, stores))


def _attempt(what: str, call: Callable[[], object]) -> None:
    try:
        call()
    except Exception as error:  # it is due again; the others are not to wait for that
        log.warning("maintenance_failed", what=what, error=repr(error))
