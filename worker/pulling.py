"""From the fair queue into the hands of workers: tickets, and what one is exchanged for."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from worker.app import send_tickets, served_by, tickets
from worker.store.bundle import Stores
from worker.store.closing import expire_job
from worker.store.waiting import POSE_QUEUES

log = structlog.get_logger()


def run_next(stores: Stores, run: Callable[[str], None], waiting: str) -> str | None:
    """Exchanges a ticket: runs the job that is next and returns its id, None where none may run.

    Raises what `run` raises; the job is then put back by a sweep.
    """
    pulled = stores.waiting.pull(waiting)
    if pulled is None:
        return None
    if not expire_job(stores, pulled.job):
        began = time.monotonic()
        run(pulled.job)
        stores.waiting.note_pace(waiting, pulled.tenant, time.monotonic() - began)
    if stores.jobs.over(pulled.job):
        stores.waiting.leave(pulled.tenant, pulled.job)
    top_up(stores)
    return pulled.job


def top_up(stores: Stores) -> int:
    """Sends as many tickets as there are jobs that may run and slots to run them; returns them.

    Where no worker lives, none is sent: the first one to come does it.
    """
    sent = 0
    alive = stores.workers.alive()
    for waiting in POSE_QUEUES:
        queue = served_by(waiting, stores.workers)
        slots = sum(worker.slots for worker in alive if queue in worker.queues)
        wanted = stores.waiting.startable(waiting, slots) if slots else 0
        missing = wanted - tickets(stores.redis, queue) if wanted else 0
        if missing > 0:
            log.debug("tickets_sent", waiting=waiting, queue=queue, count=missing)
            send_tickets(waiting, queue, missing)
            sent += missing
    return sent
