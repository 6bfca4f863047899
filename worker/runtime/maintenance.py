"""Maintenance that may block on the object store: archives, batches, erasures.

Runs in a worker's pool, never in its consuming loop. Due items are claimed in Redis, each by one
process; after a crash or an error they become due again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from worker.lifecycle.completion import archive_job
from worker.lifecycle.deletion import sweep_erased, sweep_uploads
from worker.lifecycle.expiry import sweep_retention
from worker.storage import keys
from worker.storage.batches.records import LOOK_S
from worker.storage.stores import Stores
from worker.submission.batches import recover_batch

log = structlog.get_logger()

ARCHIVE_AGAIN_S = 120.0
"""Seconds after which a job whose archiving failed is retried."""
_ARCHIVES = 20
_BATCHES = 100


def due(stores: Stores) -> bool:
    """Returns whether any maintenance is due."""
    return bool(
        stores.jobs.unarchived.count()
        or stores.batches.open.count()
        or stores.retention.items.count()
        or stores.uploads.late.count()
        or stores.erased.count()
        or stores.redis.exists(keys.ERASED_ENTRIES)
        or not stores.redis.exists(keys.UPLOADS_SEARCHED)
    )


def run_maintenance(stores: Stores, stopping: Callable[[], bool] = lambda: False) -> None:
    """Runs all due maintenance in small steps until `stopping`; a failing item does not stop the
    rest."""
    while jobs := stores.jobs.unarchived.take_all(ARCHIVE_AGAIN_S, _ARCHIVES):
        for job_id in jobs:
            _attempt("archive", partial(archive_job, stores, job_id))
        if stopping():
            return
    for batch_id in stores.batches.open.take_all(LOOK_S, _BATCHES):
        _attempt("batch", partial(recover_batch, stores, batch_id))
        if stopping():
            return
    for sweep in (sweep_erased, sweep_uploads, sweep_retention):
        _attempt(sweep.__name__, partial(sweep, stores))


def _attempt(what: str, call: Callable[[], object]) -> None:
    try:
        call()
    except Exception as error:  # it becomes due again; the others must go on
        log.warning("maintenance_failed", what=what, error=repr(error))
