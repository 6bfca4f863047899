"""A job record as clients read it; URLs are signed at the read, so none arrives expired."""

from __future__ import annotations

import time
from functools import cache

from worker.app import served_by
from worker.contract.jobs import Job, JobStatus
from worker.store import keys
from worker.store.bundle import Stores
from worker.store.jobs import iso
from worker.store.views import View, record_view


class Outlook:
    """When queued jobs may start, by what is known now; made anew for each answer."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._slots = cache(self._count_slots)
        self._pace = cache(stores.waiting.pace)

    def starts_at(self, queue: str, before: int) -> str | None:
        """When a job may start that so many are before; None while nothing is known to go by.

        The slots come free one after another, each after the queue's average length of a job.
        """
        slots, pace = self._slots(queue), self._pace(queue)
        if not slots or pace is None:
            return None
        busy = min(slots, int(self._stores.redis.zcard(keys.RUNNING)))
        to_end = max(0, before + 1 - (slots - busy))
        return iso(time.time() + pace * to_end / slots)

    def _count_slots(self, queue: str) -> int:
        workers = self._stores.workers
        by = served_by(queue, workers)
        return sum(worker.slots for worker in workers.alive() if by in worker.queues)


def job_view(stores: Stores, job: Job, outlook: Outlook | None = None) -> View:
    """A job; fields that hold nothing yet are left out."""
    seen = record_view(stores.objects, job, stores.settings.read_url_ttl_s)
    if job.status is JobStatus.QUEUED:
        before = stores.waiting.place(job)
        if before is not None:
            outlook = outlook or Outlook(stores)
            seen["queuePosition"] = before
            seen["estimatedStartAt"] = outlook.starts_at(job.queue, before)
    return {name: value for name, value in seen.items() if value is not None}
