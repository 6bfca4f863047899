"""Retention: the time at which uploads, exports and records are to be erased.

The number of days is that of the plan when the item was made. It counts for an upload from its last
use by a new job, for exports and records from the end of their job.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from worker.contract.jobs import Job
from worker.contract.plans import PlanLimits
from worker.storage import keys
from worker.storage.clock import unix
from worker.storage.connection import Client
from worker.storage.store import DueSet, Store

DAY_S = 86_400
AGAIN_S = 300.0
"""Seconds after which a failed erasure is retried."""
Kind = Literal["upload", "exports", "record"]


class RetentionItem(msgspec.Struct, frozen=True, array_like=True):
    """An item to erase: an upload (`upload`), or exports or all data of a job (`job`)."""

    kind: Kind
    tenant: str
    job: str | None = None
    upload: str | None = None
    batch: str | None = None


class RetentionStore(Store):
    """Stores when items are to be erased."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        super().__init__(client, clock)
        self.items = DueSet(client, keys.RETENTION, clock)

    def keep_upload(
        self, tenant: str, upload_id: str, limits: PlanLimits, pipe: Client = None
    ) -> None:
        """Starts the retention of an upload now, on `pipe` if given; called when it is made or used
        by a new job."""
        kept = RetentionItem("upload", tenant, upload=upload_id)
        self._keep(kept, self._clock(), limits.uploadDays, pipe)

    def keep_job(self, job: Job, limits: PlanLimits) -> None:
        """Starts the retention of an ended job and its exports; idempotent."""
        ended = unix(job.finishedAt) if job.finishedAt else self._clock()
        if job.exports:
            self._keep(RetentionItem("exports", job.tenant, job.id), ended, limits.exportDays)
        kept = RetentionItem("record", job.tenant, job.id, job.input.uploadId, job.batchId)
        self._keep(kept, ended, limits.recordDays)

    def forget_job(self, job: Job) -> None:
        """Removes the items of a job that is erased earlier."""
        kept = RetentionItem("record", job.tenant, job.id, job.input.uploadId, job.batchId)
        for one in (RetentionItem("exports", job.tenant, job.id), kept):
            self.items.remove(msgspec.json.encode(one))

    def forget_upload(self, tenant: str, upload_id: str) -> None:
        """Removes the item of an upload that is erased earlier."""
        self.done(RetentionItem("upload", tenant, upload=upload_id))

    def due(self, most: int) -> Sequence[RetentionItem]:
        """Claims up to `most` items to erase now; each is due again after AGAIN_S until `done`."""
        taken = self.items.take_all(AGAIN_S, most)
        return [msgspec.json.decode(row, type=RetentionItem) for row in taken]

    def done(self, kept: RetentionItem) -> None:
        """Removes an item that is erased."""
        self.items.remove(msgspec.json.encode(kept))

    def _keep(
        self, kept: RetentionItem, since: float, days: float | None, pipe: Client = None
    ) -> None:
        if days is not None:
            client = self._redis if pipe is None else pipe
            client.zadd(keys.RETENTION, {msgspec.json.encode(kept): since + days * DAY_S})
