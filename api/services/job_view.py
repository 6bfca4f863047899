"""A job record as clients read it; URLs are signed at the read, so none arrives expired."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache

from worker.contract.jobs import Job, JobStatus
from worker.queueing.queues import effective_queue, without_workers
from worker.storage.jobs.view import View, record_view
from worker.storage.queue.fair_queue import QueuePosition
from worker.storage.queue.workers import Worker
from worker.storage.stores import Stores
from worker.storage.timestamps import iso


class StartEstimator:
    """When queued jobs may start, by what is known now; made anew for each answer."""

    def __init__(self, stores: Stores, alive: Sequence[Worker] | None = None) -> None:
        """`alive` are the workers that live, where they are known."""
        self._alive = cache(stores.workers.alive if alive is None else lambda: alive)

    def starts_at(self, queue: str, place: QueuePosition) -> str | None:
        """When a job of a queue may start; None while nothing is known to go by.

        The slots come free one after another, each after the queue's average length of a job.
        """
        by = effective_queue(queue, self._alive())
        slots = sum(worker.slots for worker in self._alive() if by in worker.queues)
        if not slots or place.pace is None:
            return None
        busy = min(slots, place.running)
        to_end = max(0, place.before + 1 - (slots - busy))
        return iso(time.time() + place.pace * to_end / slots)

    def unserved(self, job: Job) -> bool:
        """Whether no living worker takes what is next of the job."""
        return without_workers(job, self._alive())


QUEUE_WITHOUT_WORKERS = "queue_without_workers"


def job_view(stores: Stores, job: Job, outlook: StartEstimator | None = None) -> View:
    """A job; fields that hold nothing yet are left out."""
    seen = record_view(stores.objects, job, stores.settings.read_url_ttl_s)
    outlook = outlook or StartEstimator(stores)
    if _waits(stores, job, outlook):
        seen["warnings"] = [*seen.get("warnings", ()), QUEUE_WITHOUT_WORKERS]
    if job.status is JobStatus.QUEUED:
        place = stores.waiting.place(job)
        if place is not None:
            seen["queuePosition"] = place.before
            seen["estimatedStartAt"] = outlook.starts_at(job.queue, place)
    return {name: value for name, value in seen.items() if value is not None}


def _waits(stores: Stores, job: Job, outlook: StartEstimator) -> bool:
    """Whether a job is for nobody who lives, and nobody is at it."""
    if job.status.final or not outlook.unserved(job):
        return False
    return job.status is JobStatus.QUEUED or not stores.leases.held(job.id)
