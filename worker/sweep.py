"""What no single process may forget: lost jobs, lost tasks, finished jobs to archive.

Runs in the consuming loop of every worker, so there is no beat process to lose. Everything it
sends may be sent twice: a lease decides who runs.
"""

from __future__ import annotations

import structlog

from worker.app import KEY_PREFIX, PRIORITY_STEPS, queue_of, send_archive, send_job
from worker.contract.jobs import Job, Stage
from worker.store.bundle import Stores
from worker.store.erasing import sweep_erased
from worker.store.errors import NotFound

log = structlog.get_logger()

WAIT_S = 20.0
"""A job that waits for longer while its queue is empty has lost its task."""
ARCHIVE_AGAIN_S = 120.0


def sweep(stores: Stores) -> None:
    """One round; cheap where there is nothing to do."""
    for job_id in stores.leases.overdue():
        log.warning("lease_ran_out", job=job_id)
        _send_again(stores, job_id)
    for job_id in stores.jobs.waiting_since(WAIT_S):
        _look_after(stores, job_id)
    for job_id in stores.jobs.unarchived(ARCHIVE_AGAIN_S):
        send_archive(job_id)
    sweep_erased(stores)


def _send_again(stores: Stores, job_id: str) -> None:
    try:
        job = stores.jobs.get(job_id)
    except NotFound:
        return
    send_job(job_id, queue_of(job.stage, job.queue), job.priority)


def _look_after(stores: Stores, job_id: str) -> None:
    """A job that waits long: its task may be lost, or its queue may have no worker left."""
    stores.jobs.touch_queued(job_id)
    try:
        job = stores.jobs.get(job_id)
    except NotFound:
        return
    queue = queue_of(job.stage, job.queue)
    if job.stage is Stage.ANALYSE and not stores.workers.serves(queue):
        queue = _other_queue(stores, job)
    if queue != queue_of(job.stage, job.queue) or not _waiting(stores, queue):
        log.info("task_sent_again", job=job_id, queue=queue)
        send_job(job_id, queue, job.priority)


def _other_queue(stores: Stores, job: Job) -> str:
    """The queue of the other kind of worker, if one lives; the job's own otherwise."""
    other = "pose.cpu" if job.queue == "pose.gpu" else "pose.gpu"
    return other if stores.workers.serves(other) else job.queue


def _waiting(stores: Stores, queue: str) -> int:
    """Tasks in a queue, over all priorities."""
    names = [queue if not step else f"{queue}:{step}" for step in PRIORITY_STEPS]
    return sum(int(stores.redis.llen(KEY_PREFIX + name)) for name in names)
