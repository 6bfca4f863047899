"""What is kept for how long: uploads, exports and records have a day on which they go.

The days are the plan's at the time when the thing was made. A thing's own time counts: an upload
from its last use by a new job, exports and records from the end of their job.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from worker.contract.jobs import Job
from worker.contract.plans import PlanLimits
from worker.storage import keys
from worker.storage.connection import Client
from worker.storage.due_set import DueSet
from worker.storage.timestamps import unix

DAY_S = 86_400
AGAIN_S = 300.0
"""Seconds after which a thing whose erasure failed is tried again."""
Kind = Literal["upload", "exports", "record"]


class RetentionItem(msgspec.Struct, frozen=True, array_like=True):
    """A thing with its day: an upload by `upload`, a job's exports or all of a job by `job`."""

    kind: Kind
    tenant: str
    job: str | None = None
    upload: str | None = None
    batch: str | None = None


class RetentionStore:
    """The list of days."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock
        self._days = DueSet(client, keys.RETENTION)

    def keep_upload(self, tenant: str, upload_id: str, limits: PlanLimits) -> None:
        """An upload was made, or a job is made of it: its days begin now."""
        kept = RetentionItem("upload", tenant, upload=upload_id)
        self._keep(kept, self._clock(), limits.uploadDays)

    def keep_job(self, job: Job, limits: PlanLimits) -> None:
        """A job has ended; more than once does no harm."""
        ended = unix(job.finishedAt) if job.finishedAt else self._clock()
        if job.exports:
            self._keep(RetentionItem("exports", job.tenant, job.id), ended, limits.exportDays)
        kept = RetentionItem("record", job.tenant, job.id, job.input.uploadId, job.batchId)
        self._keep(kept, ended, limits.recordDays)

    def forget_job(self, job: Job) -> None:
        """A job is erased before its day."""
        kept = RetentionItem("record", job.tenant, job.id, job.input.uploadId, job.batchId)
        for one in (RetentionItem("exports", job.tenant, job.id), kept):
            self._redis.zrem(keys.RETENTION, msgspec.json.encode(one))

    def forget_upload(self, tenant: str, upload_id: str) -> None:
        """An upload is erased before its day."""
        self.done(RetentionItem("upload", tenant, upload=upload_id))

    def due(self, most: int) -> Sequence[RetentionItem]:
        """Things whose day has come; each comes again until it is done."""
        taken = self._days.take_all(self._clock(), AGAIN_S, most)
        return [msgspec.json.decode(row, type=RetentionItem) for row in taken]

    def count_due(self) -> int:
        """How many things there are whose day has come."""
        return int(self._redis.zcount(keys.RETENTION, "-inf", self._clock()))

    def done(self, kept: RetentionItem) -> None:
        """It is gone."""
        self._redis.zrem(keys.RETENTION, msgspec.json.encode(kept))

    def _keep(self, kept: RetentionItem, since: float, days: float | None) -> None:
        if days is not None:
            self._redis.zadd(keys.RETENTION, {msgspec.json.encode(kept): since + days * DAY_S})
