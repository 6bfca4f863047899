"""Batches: their records, the states of their jobs, and the event when the last job has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from worker.contract.batches import SHOWN_ERRORS, Batch, BatchError, BatchRecord
from worker.contract.jobs import Job, JobStatus
from worker.contract.plans import Plan
from worker.contract.webhooks import BATCH_COMPLETED
from worker.storage import keys
from worker.storage.clock import iso
from worker.storage.connection import Client, text
from worker.storage.errors import NotFound
from worker.storage.jobs.streams import FIRST
from worker.storage.store import After, DueSet, Store

LOOK_S = 5.0
"""Seconds until an incomplete batch is due again."""
HOLD_S = 60
"""Seconds of the lease under which a process expands a batch."""
_IN_EVENT = 10


def batch_view(batch: Batch, shown: int = SHOWN_ERRORS) -> dict[str, Any]:
    """Converts a batch to its JSON view with the first `shown` errors, without empty fields."""
    here = f"/v1/batches/{batch.record.id}"
    view: dict[str, Any] = {
        "id": batch.record.id,
        "status": batch.status.value,
        "createdAt": batch.record.createdAt,
        "completedAt": batch.completedAt,
        "accepted": batch.accepted,
        "rejected": batch.rejected,
        "lines": batch.lines if batch.record.manifest else None,
        "canceled": batch.canceled,
        "progress": batch.progress,
        "counts": {status.value: batch.counts.get(status.value, 0) for status in JobStatus},
        "errors": [msgspec.to_builtins(wrong) for wrong in batch.errors[:shown]],
        "links": {
            "self": here,
            "jobs": f"/v1/jobs?batch={batch.record.id}",
            "cancel": f"{here}/cancel",
        },
    }
    return {name: value for name, value in view.items() if value is not None}


def decode_todo(row: bytes) -> tuple[int, Job]:
    """Decodes a row of `BatchStore.todo`: a job's number in the batch, from 0, and its record."""
    return msgspec.json.decode(row, type=tuple[int, Job])


class BatchStore(Store):
    """Stores batches; raises NotFound for a missing batch and for another tenant's.

    `open` are batches to look at, until their end is announced.
    """

    def __init__(
        self,
        client: Client,
        partitions: int,
        keep_s: Callable[[Plan], float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(client, clock)
        self._partitions = partitions
        self._keep_s = keep_s
        self.open = DueSet(client, keys.BATCHES, clock)

    def create(self, record: BatchRecord, jobs: Sequence[Job] = ()) -> None:
        """Stores an accepted batch and its jobs in one step.

        `submission/batches.py` makes the jobs later, also after a crash.
        """
        now = self._clock()
        with self._redis.pipeline(transaction=True) as pipe:
            if jobs:
                rows = map(msgspec.json.encode, enumerate(jobs))
                pipe.rpush(keys.batch_todo(record.id), *rows)
            pipe.hset(keys.batch(record.id), "record", msgspec.json.encode(record))
            pipe.zadd(keys.BATCHES, {record.id: now + (LOOK_S if jobs else 0)})
            pipe.zadd(keys.tenant_batches(record.tenant), {record.id: now})
            pipe.execute()

    def get(self, batch_id: str, tenant: str | None = None) -> Batch:
        """Returns the current state of a batch."""
        fields = {text(k): v for k, v in self._redis.hgetall(keys.batch(batch_id)).items()}
        if "record" not in fields:
            raise NotFound(f"no batch {batch_id}")
        record = msgspec.json.decode(fields["record"], type=BatchRecord)
        if tenant is not None and record.tenant != tenant:
            raise NotFound(f"no batch {batch_id}")
        wrong = self._redis.lrange(keys.batch_errors(batch_id), 0, -1)
        ended = fields.get("completedAt")
        return Batch(
            record=record,
            counts={f[2:]: int(v) for f, v in fields.items() if f.startswith("n:")},
            completedAt=text(ended) if ended else None,
            errors=tuple(msgspec.json.decode(row, type=BatchError) for row in wrong),
            accepted=int(fields.get("accepted", 0)),
            rejected=int(fields.get("rejected", 0)),
            lines=int(fields.get("lines", 0)),
            read=int(fields.get("read", 0)),
            expanded="expanded" in fields,
            canceled="canceled" in fields,
            announced="announced" in fields,
        )

    def exists(self, batch_id: str) -> bool:
        """Returns whether the batch was accepted."""
        return bool(self._redis.hexists(keys.batch(batch_id), "record"))

    def page(self, tenant: str, after: After | None, limit: int) -> list[tuple[float, Batch]]:
        """Returns up to `limit` batches of a tenant with their times, newest first.

        `after` is the time and id of the last one of the page before.
        """
        name = keys.tenant_batches(tenant)
        return self._page(name, after, limit, lambda batch_id: self.get(batch_id, tenant))

    def todo(self, batch_id: str, count: int) -> list[bytes]:
        """Returns the next `count` jobs to make, for `decode_todo`."""
        rows: list[bytes] = self._redis.lrange(keys.batch_todo(batch_id), 0, count - 1)
        return rows

    def done(self, batch_id: str, rows: Sequence[bytes]) -> None:
        """Removes `rows`, the first ones of `todo`, whose jobs have been made."""
        self._run("batches/done", [keys.batch_todo(batch_id)], [len(rows), rows[0]])

    def add(self, batch_id: str, jobs: Sequence[tuple[int, Job]]) -> None:
        """Adds jobs that were made to the batch, each with its number in it."""
        args = [part for number, job in jobs for part in (number, job.id)]
        if args:
            records = [keys.job(job.id) for _, job in jobs]
            self._run("batches/add", [keys.ERASED_IDS, *records], [batch_id, *args])

    def note_read(
        self, batch_id: str, began: int, lines: int, read: int, wrong: Sequence[BatchError]
    ) -> None:
        """Records that the manifest is read up to line `lines` and byte `read`, with its errors.

        Ignored unless `began` lines were read before, so that each line counts once.
        """
        errors = [msgspec.json.encode(one) for one in wrong]
        self._run(
            "batches/read",
            [keys.batch(batch_id), keys.batch_errors(batch_id)],
            args=[began, 0, lines, read, len(wrong), SHOWN_ERRORS, *errors],
        )

    def expanded(self, batch_id: str) -> None:
        """Records that all jobs of the batch are made."""
        if self._run("batches/expanded", (), [batch_id, iso(self._clock())]):
            self.announce(batch_id)

    def forget(self, batch_id: str, job_id: str) -> None:
        """Removes a job whose record has expired from the batch; it stays counted."""
        if self._run("batches/forget", (), [batch_id, job_id, iso(self._clock())]):
            self.announce(batch_id)

    def announce(self, batch_id: str) -> None:
        """Puts the final event of the batch on the firehose; repeated only after a crash in it."""
        batch = self.get(batch_id)
        fields: dict[Any, Any] = {
            "job": batch_id,
            "tenant": batch.record.tenant,
            "id": FIRST,
            "type": BATCH_COMPLETED,
            "data": msgspec.json.encode(batch_view(batch, _IN_EVENT)),
        }
        self._redis.xadd(keys.firehose(batch_id, self._partitions), fields)
        self._redis.hset(keys.batch(batch_id), "announced", "1")
        kept_s = int(self._keep_s(batch.record.plan))
        for key in keys.of_batch(batch_id):
            self._redis.expire(key, kept_s)
        self.open.remove(batch_id)

    def ask_cancel(self, batch_id: str) -> None:
        """Requests the cancellation of a batch and makes it due now."""
        self._if_exists(keys.batch(batch_id), "record", "HSET", "canceled", "1")
        self._redis.zadd(keys.BATCHES, {batch_id: self._clock()}, xx=True)

    def unfinished(self, batch_id: str) -> Iterator[str]:
        """Yields the ids of jobs of the batch that have not ended."""
        for job_id, state in self._redis.hscan_iter(keys.batch_states(batch_id), count=500):
            if state in (b"queued", b"running"):
                yield text(job_id)

    def hold(self, batch_id: str, name: str) -> bool:
        """Takes or renews the batch's lease as `name` for HOLD_S; returns whether that worked."""
        return bool(self._run("batches/hold", [keys.batch_hold(batch_id)], [name, HOLD_S]))

    def let_go(self, batch_id: str, name: str) -> None:
        """Releases the batch's lease, if `name` has it."""
        self._run("batches/hold", [keys.batch_hold(batch_id)], [name, 0])
