"""Jobs that run without a worker, and tell the firehose of it."""

from __future__ import annotations

from typing import Any

from tests.storage.factories import new_job, patient
from worker.contract.jobs import Job, JobStatus
from worker.contract.messages import Entry
from worker.lifecycle.completion import complete_job
from worker.storage.stores import Stores


class Play:
    """One job from its creation on."""

    def __init__(self, stores: Stores, **fields: Any) -> None:
        self.stores = patient(stores)
        self.id = new_job(stores, **fields).id
        self.token = 0

    @property
    def job(self) -> Job:
        return self.stores.jobs.get(self.id)

    def start(self) -> Play:
        self.token = self.stores.leases.claim(self.id).token
        return self

    def say(self, *entries: Entry) -> Play:
        self.stores.leases.commit(self.id, self.token, entries)
        return self

    def end(self, status: JobStatus = JobStatus.SUCCEEDED, **more: Any) -> Play:
        complete_job(self.stores, self.job, self.token, status, **more)
        return self


def played(stores: Stores, *entries: Entry, **fields: Any) -> str:
    """A job that succeeded; its id."""
    return Play(stores, **fields).start().say(*entries).end().id
