"""What no single process may forget: lost jobs, lost tasks, finished jobs to archive.

Runs in the consuming loop of every worker, so there is no beat process to lose. Everything it
sends may be sent twice: a lease decides who runs.
"""

from __future__ import annotations

import structlog

from worker.contract.jobs import Job, Stage
from worker.contract.segment_ids import job_of_entry
from worker.lifecycle.completion import expire_job
from worker.lifecycle.deletion import purge_late_writes, sweep_entries, sweep_uploads
from worker.lifecycle.expiry import sweep_retention
from worker.observability.metrics import LEASES_LOST, record
from worker.queueing.dispatch import ensure_wakeups, offer_segment
from worker.queueing.queues import queue_of, send_archive, send_batch, send_job, tasks_in
from worker.storage import keys
from worker.storage.errors import Newer, NotFound
from worker.storage.stores import Stores
from worker.submission.batches import recover_batch

log = structlog.get_logger()

WAIT_S = 20.0
"""A job that is on no list for longer was lost on its way, and joins the fair queue again."""
ARCHIVE_AGAIN_S = 120.0
DEADLINE_AGAIN_S = 60.0


def sweep(stores: Stores) -> None:
    """One round; cheap where there is nothing to do."""
    for job_id in stores.leases.overdue():
        log.warning("lease_ran_out", job=job_id)
        record(LEASES_LOST)
        _send_again(stores, job_id)
    for job_id in stores.jobs.past_deadline(DEADLINE_AGAIN_S):
        expire_job(stores, job_id)
    for job_id in stores.jobs.waiting_since(WAIT_S):
        _look_after(stores, job_id)
    for batch_id in stores.batches.due():
        recover_batch(stores, batch_id, send_batch)
    stores.waiting.reconcile_running()
    ensure_wakeups(stores)
    for job_id in stores.jobs.unarchived(ARCHIVE_AGAIN_S):
        send_archive(job_id)
    sweep_entries(stores)
    purge_late_writes(stores)
    sweep_uploads(stores)
    sweep_retention(stores)


def _send_again(stores: Stores, job_id: str) -> None:
    try:
        job = stores.jobs.get(job_id)
    except NotFound:
        return
    send_job(job_id, queue_of(job.stage, job.queue), job.priority)


def _look_after(stores: Stores, name: str) -> None:
    """A job that was put back, or whose taker died before the claim, or whose task is lost; or a
    segment of one."""
    helped = job_of_entry(name)
    try:
        job = stores.jobs.get(helped or name)
    except Newer:
        return  # untouched, so that the sweep of a newer worker finds it
    except NotFound:
        job = None
    stores.jobs.touch_queued(name)
    if helped:
        _look_after_entry(stores, name, job)
    elif job is not None:
        _look_after_job(stores, job)


def _look_after_job(stores: Stores, job: Job) -> None:
    if job.status.final:
        stores.waiting.remove(job.tenant, job.id)
    elif stores.leases.held(job.id):
        stores.redis.zrem(keys.QUEUED, job.id)  # taken twice: one of the two runs it
    elif job.stage is Stage.ANALYSE:
        log.info("job_waits_again", job=job.id)
        stores.waiting.push([job], stores.settings.limits(job.plan).runningJobs)
    elif not tasks_in(stores.redis, ["export"]):
        log.info("task_sent_again", job=job.id)
        send_job(job.id, "export", job.priority)


def _look_after_entry(stores: Stores, entry: str, job: Job | None) -> None:
    """A segment that a worker was to estimate which died before it began."""
    if job is not None and not job.status.final:
        offer_segment(stores, job, entry)
    else:
        stores.redis.zrem(keys.QUEUED, entry)
