"""Recovers lost jobs and wake-ups, and starts due maintenance.

Runs in the consuming loop of every worker, so that no separate beat process can fail, and uses
Redis only, as that loop must not block. Repeated or concurrent sweeps are harmless: a lease decides
which worker runs a job.
"""

from __future__ import annotations

import structlog

from worker.contract.jobs import Job
from worker.contract.queue_entries import job_of_entry
from worker.lifecycle.completion import expire_job
from worker.observability.metrics import LEASES_LOST, record
from worker.queueing.dispatch import ensure_wakeups, offer_segment
from worker.queueing.index_rebuild import rebuild_if_lost
from worker.queueing.queues import pending_wakeups, send_maintenance
from worker.runtime.maintenance import due
from worker.storage.errors import Newer
from worker.storage.stores import Stores

log = structlog.get_logger()

WAIT_S = 20.0
"""Seconds after which a queued job that is in no queue counts as lost and is queued again."""
DEADLINE_AGAIN_S = 60.0
_UNCLAIMED = 200


def sweep(stores: Stores) -> None:
    """Runs one sweep; cheap where there is nothing to do."""
    rebuild_if_lost(stores)
    for job_id in stores.leases.overdue():
        log.warning("lease_ran_out", job=job_id)
        record(LEASES_LOST)
        _recover(stores, job_id)
    for job_id in stores.jobs.deadlines.take_all(DEADLINE_AGAIN_S):
        expire_job(stores, job_id)
    for entry in stores.fair_queue.unclaimed.take_all(WAIT_S, _UNCLAIMED, late_s=WAIT_S):
        _recover(stores, entry)
    for entry in stores.fair_queue.reconcile_running():
        _recover(stores, entry)
    ensure_wakeups(stores)
    if due(stores) and not pending_wakeups(stores.redis, "maintenance"):
        send_maintenance()


def _recover(stores: Stores, name: str) -> None:
    """Requeues a job or segment entry whose worker crashed or whose wake-up was lost."""
    helped = job_of_entry(name)
    try:
        job = stores.jobs.find(helped or name)
    except Newer:
        return  # left to the sweep of a newer worker
    if job is None:
        stores.fair_queue.unclaimed.remove(name)
        return
    if helped:
        _recover_segment(stores, name, job)
    else:
        _recover_job(stores, job)


def _recover_job(stores: Stores, job: Job) -> None:
    if stores.leases.requeue_lost(job, stores.settings.limits(job.plan).runningJobs):
        log.info("job_waits_again", job=job.id)


def _recover_segment(stores: Stores, entry: str, job: Job) -> None:
    """Offers a segment again whose worker crashed before it began, if its job still runs."""
    if not job.status.final:
        offer_segment(stores, job, entry)
    else:
        stores.fair_queue.unclaimed.remove(entry)
