"""Dispatches jobs from the fair queues to workers: sends wake-ups and answers them."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import structlog

from worker.contract.batches import BatchRecord
from worker.contract.jobs import Job
from worker.contract.queue_entries import is_batch, job_of_entry
from worker.lifecycle.completion import expire_job
from worker.queueing.queues import BROKER_ERRORS, effective_queue, pending_wakeups, send_wakeups
from worker.storage.queue.fair_queue import QUEUES
from worker.storage.stores import Stores

log = structlog.get_logger()


def dispatch_next(stores: Stores, run: Callable[[str], None], waiting: str) -> str | None:
    """Answers a wake-up: pops the next entry of the fair queue `waiting` and passes it to `run`.

    Returns the id of the job or batch (or entry of a segment), None where none may run. Raises what
    `run` raises; a sweep requeues the job then.
    """
    popped = stores.fair_queue.pop(waiting)
    if popped is None:
        return None
    entry, tenant = popped
    segment = job_of_entry(entry) is not None
    over = not (segment or is_batch(entry)) and expire_job(stores, entry)
    if not over:
        began = time.monotonic()
        run(entry)
        stores.fair_queue.record_duration(waiting, tenant, time.monotonic() - began)
    if over or segment:  # the end of a job's run takes it off all lists itself
        stores.fair_queue.remove(tenant, entry)
    ensure_wakeups(stores)
    return entry


def all_slots_busy(stores: Stores, waiting: str) -> bool:
    """Returns whether all workers that could run the next job of a fair queue are busy."""
    return bool(pending_wakeups(stores.redis, effective_queue(waiting, stores.workers.alive())) > 0)


def offer_segment(stores: Stores, job: Job, entry: str) -> None:
    """Queues an entry for a segment of the job; the worker that pops it claims an open segment."""
    most = stores.settings.limits(job.plan).runningJobs
    stores.fair_queue.push([msgspec.structs.replace(job, id=entry)], most)
    ensure_wakeups(stores)


def offer_batch(stores: Stores, record: BatchRecord) -> None:
    """Queues a batch, for a worker to read on in its manifest."""
    most = stores.settings.limits(record.plan).runningJobs
    stores.fair_queue.push_batch(record.tenant, record.id, most)
    ensure_wakeups(stores)


def ensure_wakeups(stores: Stores) -> int:
    """Sends the missing wake-ups for runnable jobs, up to the number of slots; returns how many.

    Without live workers none is sent: the first one to start does it.
    """
    sent = 0
    alive = stores.workers.alive()
    served: list[tuple[str, str]] = []
    with stores.redis.pipeline(transaction=False) as pipe:
        for waiting in QUEUES:
            queue = effective_queue(waiting, alive)
            if slots := sum(worker.slots for worker in alive if queue in worker.queues):
                served.append((waiting, queue))
                stores.fair_queue.runnable_count(pipe, waiting, slots)
                pending_wakeups(pipe, queue)
        counts = list(map(int, pipe.execute()))
    for (waiting, queue), wanted, pending in zip(served, counts[::2], counts[1::2], strict=True):
        missing = wanted - pending
        if missing > 0:
            try:
                send_wakeups(waiting, queue, missing)
            except BROKER_ERRORS as error:  # the next sweep retries; no job must fail for it
                log.warning("wakeups_not_sent", queue=queue, error=str(error))
                break
            log.debug("wakeups_sent", waiting=waiting, queue=queue, count=missing)
            sent += missing
    return sent
