"""From the fair queue into the hands of workers: wake-ups, and what each is answered with."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import structlog

from worker.contract.jobs import Job
from worker.contract.segment_ids import job_of_entry
from worker.lifecycle.completion import expire_job
from worker.queueing.queues import BROKER_ERRORS, effective_queue, pending_wakeups, send_wakeups
from worker.storage.queue.fair_queue import QUEUES
from worker.storage.stores import Stores

log = structlog.get_logger()


def dispatch_next(stores: Stores, run: Callable[[str], None], waiting: str) -> str | None:
    """Answers a wake-up: runs the job that is next and returns its id, None where none may run.

    Raises what `run` raises; the job is then put back by a sweep.
    """
    pulled = stores.waiting.pop(waiting)
    if pulled is None:
        return None
    if job_of_entry(pulled.job) or not expire_job(stores, pulled.job):
        began = time.monotonic()
        run(pulled.job)
        stores.waiting.record_duration(waiting, pulled.tenant, time.monotonic() - began)
    if stores.jobs.over(pulled.job):
        stores.waiting.remove(pulled.tenant, pulled.job)
    ensure_wakeups(stores)
    return pulled.job


def all_slots_busy(stores: Stores, waiting: str) -> bool:
    """Whether all workers that could run the next job of the fair queue `waiting` are busy."""
    return bool(pending_wakeups(stores.redis, effective_queue(waiting, stores.workers.alive())) > 0)


def offer_segment(stores: Stores, job: Job, entry: str) -> None:
    """Lists a segment of the job for its tenant's next turns: who pulls it claims one that is
    open."""
    most = stores.settings.limits(job.plan).runningJobs
    stores.waiting.push([msgspec.structs.replace(job, id=entry)], most)
    ensure_wakeups(stores)


def ensure_wakeups(stores: Stores) -> int:
    """Sends as many wake-ups as there are jobs that may run and slots to run them; returns them.

    Where no worker lives, none is sent: the first one to come does it.
    """
    sent = 0
    alive = stores.workers.alive()
    for waiting in QUEUES:
        queue = effective_queue(waiting, alive)
        slots = sum(worker.slots for worker in alive if queue in worker.queues)
        wanted = stores.waiting.runnable_count(waiting, slots) if slots else 0
        missing = wanted - int(pending_wakeups(stores.redis, queue)) if wanted else 0
        if missing > 0:
            try:
                send_wakeups(waiting, queue, missing)
            except BROKER_ERRORS as error:  # the next sweep sends them; no job is to fail for it
                log.warning("wakeups_not_sent", queue=queue, error=str(error))
                break
            log.debug("wakeups_sent", waiting=waiting, queue=queue, count=missing)
            sent += missing
    return sent
