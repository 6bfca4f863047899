"""Job records: create, read, list, cancel, erase."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from worker.contract.errors import DecodeError
from worker.contract.jobs import SUPPORTED_JOB_VERSION, Job, JobStatus, decode_job
from worker.storage import keys
from worker.storage.clock import iso, unix
from worker.storage.connection import Client
from worker.storage.errors import Newer, NotFound
from worker.storage.queue.fair_queue import limit_arg, score_of
from worker.storage.store import After, DueSet, Store
from worker.storage.tenants.usage import charges_if_erased

ERASED_S = 600
"""Seconds after an erasure in which a stopped worker may have a write under way: until then no job
gets the id again, as ids may follow from an Idempotency-Key or a line of a manifest."""
Counted = Literal["spent", "faults", "modelMissing"]
"""Counts of a job: CPU milliseconds of ended time slices, faults of workers, workers that gave it
back for lack of its model."""
_FIELDS = frozenset(name.encode() for name in Job.__struct_fields__)


def assemble(fields: dict[bytes, bytes]) -> Job:
    """Decodes a record from its JSON fields; unknown fields are ignored.

    Raises DecodeError for an invalid record, and Newer for one of a newer version.
    """
    parts = [b'"%s":%s' % (name, value) for name, value in fields.items() if name in _FIELDS]
    try:
        return decode_job(b"{" + b",".join(parts) + b"}")
    except DecodeError as error:
        if int(fields.get(b"version", b"1")) > SUPPORTED_JOB_VERSION:
            raise Newer(f"a job of a version above {SUPPORTED_JOB_VERSION}: {error}") from error
        raise


def json_fields(values: dict[str, Any]) -> dict[str, bytes]:
    """Encodes values as the record's hash stores them."""
    return {name: msgspec.json.encode(value) for name, value in values.items()}


def _pairs(job: Job) -> list[Any]:
    """Converts a new record to alternating fields and values, as HSET takes them."""
    fields = json_fields({f: getattr(job, f) for f in Job.__struct_fields__})
    fields.pop("startedAt")  # set once, by the first claim
    return [part for pair in fields.items() for part in pair]


class JobStore(Store):
    """Stores job records; writes of running jobs are in `leases.py`.

    `partitions` is the number of the firehose's, on which a new job's `job.queued` is put.
    `deadlines` are jobs due at their deadline, `unarchived` ended jobs.
    """

    def __init__(
        self, client: Client, clock: Callable[[], float] = time.time, partitions: int = 8
    ) -> None:
        super().__init__(client, clock)
        self._partitions = partitions
        self.deadlines = DueSet(client, keys.DEADLINES, clock)
        self.unarchived = DueSet(client, keys.CLOSED, clock)

    def create_all(self, jobs: Sequence[Job], running: int | None = None) -> list[Job]:
        """Stores and queues jobs, each atomically, except existing and lately erased ones.

        `running` is their tenant's limit of running jobs. Returns the new ones.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            for number, job in enumerate(jobs):
                self.submit(job, running, number=number, pipe=pipe)
            return [job for job, made in zip(jobs, pipe.execute(), strict=True) if made > 0]

    def submit(
        self,
        job: Job,
        running: int | None,
        most: int | None = None,
        key: str | None = None,
        *,
        number: int = 0,
        pipe: Client = None,
    ) -> int:
        """Stores and queues a job, made under the Idempotency-Key `key`, atomically.

        Returns 1, 0 for an existing job, -1 where its tenant has `most` queued jobs already, or -2
        where one of its id was erased within ERASED_S; nothing is written then. `number` orders
        jobs of one instant; with a pipeline `pipe` the script is added to it.
        """
        upload = job.input.reads_upload
        names = [
            keys.job(job.id),
            keys.WAIT,
            keys.tenant_jobs(job.tenant),
            keys.DEADLINES,
            keys.upload_jobs(upload or ""),
            keys.idempotency(job.tenant, key or ""),
            keys.firehose(job.id, self._partitions),
            keys.ERASED_IDS,
        ]
        event = {"id": job.id, "status": "queued", "createdAt": job.createdAt}
        args: list[Any] = [
            job.id,
            job.tenant,
            job.waits_in,
            limit_arg(running),
            limit_arg(most),
            score_of(job, number),
            self._clock(),
            b"" if job.input.referenceId else msgspec.json.encode(event),
            "" if job.deadlineAt is None else unix(job.deadlineAt),
            int(upload is not None),
            *_pairs(job),
        ]
        made = self._run("jobs/submit", names, [*args, *(("idem", key) if key else ())], pipe=pipe)
        return 0 if made is pipe else int(made)

    def get(self, job_id: str, tenant: str | None = None, owner: str | None = None) -> Job:
        """Returns a job.

        Raises NotFound for a missing one; with `tenant` also for another tenant's or a hidden one
        (of a reference), with `owner` for one of another page token. Raises Newer as `find`.
        """
        job = self.find(job_id)
        hidden = (
            job is not None
            and tenant is not None
            and (
                job.tenant != tenant
                or job.input.referenceId is not None
                or owner not in (None, job.owner)
            )
        )
        if job is None or hidden:
            raise NotFound(f"no job {job_id}")
        return job

    def find(self, job_id: str) -> Job | None:
        """Returns a job, None for a missing one; raises Newer for a record that only newer code can
        read."""
        fields = self._redis.hgetall(keys.job(job_id))
        # a late writer can leave a field behind after an erasure: no id, no record
        return assemble(fields) if b"id" in fields else None

    def page(
        self,
        tenant: str,
        after: After | None = None,
        limit: int = 50,
        batch: str | None = None,
    ) -> Sequence[tuple[float, str, Job | None]]:
        """Returns up to `limit` rows of a tenant's or batch's jobs, newest first.

        A row is time of creation (in a `batch` the number), id and record; the record is None where
        it has expired, and the row is removed then. `after` is the last row of the page before.
        """
        name = keys.batch_jobs(batch) if batch else keys.tenant_jobs(tenant)
        rows = self._newest_first(name, after, limit)
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id, _ in rows:
                pipe.hgetall(keys.job(job_id))
            records = pipe.execute()
        found: list[tuple[float, str, Job | None]] = []
        for (job_id, score), fields in zip(rows, records, strict=True):
            with contextlib.suppress(Newer):
                job = assemble(fields) if b"id" in fields else None
                found.append((score, job_id, job))
        expired = [job_id for _, job_id, job in found if job is None]
        if expired:
            self._redis.zrem(name, *expired)
        return found

    def ask_cancel(self, job_id: str) -> None:
        """Requests a cancellation, which the job's worker sees."""
        self._if_exists(keys.job(job_id), "id", "HSET", "cancel", "1")

    def cancel_asked(self, job_id: str) -> bool:
        """Returns whether a cancellation was requested; True also for an erased job."""
        status, cancel = self._redis.hmget(keys.job(job_id), "status", "cancel")
        return status is None or cancel == b"1"

    def change(self, job_id: str, values: dict[str, Any]) -> None:
        """Sets fields of an ended job's record; does nothing for an erased one."""
        pairs = [part for pair in json_fields(values).items() for part in pair]
        self._if_exists(keys.job(job_id), "id", "HSET", *pairs)

    def exists(self, job_id: str) -> bool:
        """Returns whether the job has a record."""
        return bool(self._redis.hexists(keys.job(job_id), "id"))

    def over(self, job_id: str) -> bool:
        """Returns whether the job has ended or is erased."""
        status = self._redis.hget(keys.job(job_id), "status")
        return status is None or JobStatus(msgspec.json.decode(status)).final

    def erase(self, job: Job) -> bool:
        """Deletes all keys of the job and its index entries; not its objects in S3.

        A job before its end is charged for what was analysed. Returns whether it was the last one
        of its batch.
        """
        names = [
            keys.job(job.id),
            keys.WAIT,
            keys.tenant_jobs(job.tenant),
            keys.upload_jobs(job.input.reads_upload or ""),
            keys.tenant_usage(job.tenant),
            keys.RUNNING,
            keys.CLOSED,
            keys.DEADLINES,
            keys.ERASED_IDS,
            *keys.of_job(job.id),
        ]
        now = self._clock()
        charged = msgspec.json.encode(charges_if_erased(job, iso(now)))
        args = [job.id, job.tenant, iso(now), charged, now, now + ERASED_S]
        return bool(self._run("jobs/erase", names, args))

    def expire(self, job_id: str, hot_s: int, record_s: int) -> bool:
        """Sets the expiry of a finished job's keys, `record_s` seconds for the record and `hot_s`
        for the others, and returns True; False where the record is gone."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys.of_job(job_id):
                pipe.expire(key, record_s if key == keys.job(job_id) else hot_s)
            return bool(pipe.execute()[0])

    def spent_s(self, job_id: str) -> float:
        """Returns the CPU seconds of time slices that have ended."""
        return int(self._redis.hget(keys.job(job_id), "spent") or 0) / 1000

    def count(self, job_id: str, field: Counted, more: int = 1) -> int:
        """Adds to a count of the job and returns it; 0 for an erased job."""
        return int(self._if_exists(keys.job(job_id), "id", "HINCRBY", field, more))

    def trace(self, job_id: str) -> str | None:
        """Returns the traceparent of the job; None without one or for a missing job."""
        known = self._redis.hget(keys.job(job_id), "trace")
        return None if known is None else msgspec.json.decode(known)

    def now(self) -> str:
        """Returns the current time in the format of records."""
        return iso(self._clock())
