"""The JSON view of a job; URLs are signed at each read, so that none arrives expired."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from worker.contract.jobs import Job, JobStatus
from worker.queueing.queues import effective_queue, without_workers
from worker.storage.clock import iso
from worker.storage.jobs.view import View, record_view
from worker.storage.queue.fair_queue import QueuePosition
from worker.storage.queue.workers import ALIVE_S, Worker
from worker.storage.stores import Stores


class StartEstimator:
    """Estimates when queued jobs start, from the live workers; made anew for each answer."""

    def __init__(self, stores: Stores, alive: Sequence[Worker] | None = None) -> None:
        """`alive` are the live workers; None has them read from Redis on demand."""
        self._clock = stores.clock
        self._alive = cache(stores.workers.alive if alive is None else lambda: alive)

    def starts_at(self, queue: str, place: QueuePosition) -> str | None:
        """Estimates when a queued job starts (ISO 8601); None without workers or past jobs.

        Assumes that slots become free one after another, at the queue's average job duration.
        """
        by = effective_queue(queue, self._alive())
        slots = sum(worker.slots for worker in self._alive() if by in worker.queues)
        if not slots or place.pace is None:
            return None
        busy = min(slots, place.running)
        to_end = max(0, place.before + 1 - (slots - busy))
        return iso(self._clock() + place.pace * to_end / slots)

    def unserved(self, job: Job) -> bool:
        """Returns whether no live worker takes the next stage of the job."""
        return without_workers(job, self._alive())


QUEUE_WITHOUT_WORKERS = "queue_without_workers"


def job_view(
    stores: Stores,
    job: Job,
    estimator: StartEstimator | None = None,
    place: QueuePosition | None = None,
) -> View:
    """Converts a job to its JSON view, without empty fields; `place` is its position if known."""
    seen = record_view(stores.objects, job, stores.settings.read_url_ttl_s)
    estimator = estimator or StartEstimator(stores)
    if _waits(stores, job, estimator):
        seen["warnings"] = [*seen.get("warnings", ()), QUEUE_WITHOUT_WORKERS]
    if job.status is JobStatus.QUEUED:
        place = place or stores.fair_queue.place(job)
        if place is not None:
            seen["queuePosition"] = place.before
            seen["estimatedStartAt"] = estimator.starts_at(job.queue, place)
    return {name: value for name, value in seen.items() if value is not None}


def _waits(stores: Stores, job: Job, estimator: StartEstimator) -> bool:
    """Returns whether a job waits for a queue without live workers, or its worker has died."""
    if job.status.final or not estimator.unserved(job):
        return False
    return job.status is JobStatus.QUEUED or stores.leases.silent_s(job.id) > ALIVE_S
