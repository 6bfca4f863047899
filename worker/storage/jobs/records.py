"""Job records: create, read, list, cancel, erase."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from worker.contract.errors import DecodeError
from worker.contract.jobs import SUPPORTED_JOB_VERSION, Job, JobStatus, decode_job
from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.due_set import DueSet
from worker.storage.errors import Newer, NotFound
from worker.storage.lua_scripts import load_script
from worker.storage.queue.fair_queue import FairQueue, limit_arg, load_list_script, score_of
from worker.storage.timestamps import iso, unix

_FIELDS = frozenset(name.encode() for name in Job.__struct_fields__)


def assemble(fields: dict[bytes, bytes]) -> Job:
    """The record whose JSON fields these are, as far as they are known; raises DecodeError, and
    Newer where that is so because the record is."""
    parts = [b'"%s":%s' % (name, value) for name, value in fields.items() if name in _FIELDS]
    try:
        return decode_job(b"{" + b",".join(parts) + b"}")
    except DecodeError as error:
        if int(fields.get(b"version", b"1")) > SUPPORTED_JOB_VERSION:
            raise Newer(f"a job of a version above {SUPPORTED_JOB_VERSION}: {error}") from error
        raise


def json_fields(values: dict[str, Any]) -> dict[str, bytes]:
    """Values as the hash stores them."""
    return {name: msgspec.json.encode(value) for name, value in values.items()}


def _pairs(job: Job) -> list[Any]:
    """A new record as HSET takes it: fields and values in turn."""
    fields = json_fields({f: getattr(job, f) for f in Job.__struct_fields__})
    fields.pop("startedAt")  # set once, by the first claim
    return [part for pair in fields.items() for part in pair]


class JobStore:
    """All queries on job records; who runs a job is the business of `leases.py`."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock
        self._deadlines = DueSet(client, keys.DEADLINES)
        self._closed = DueSet(client, keys.CLOSED)
        self._note = client.register_script(load_script(__package__, "set_fields"))
        self._spend = client.register_script(load_script(__package__, "count_up"))
        self._submit = client.register_script(load_list_script(__package__, "submit"))

    def create(self, job: Job, running: int | None = None) -> None:
        """Stores a new job of a tenant that may have `running` jobs running, and has it wait."""
        self.create_all([job], running)

    def create_all(self, jobs: Sequence[Job], running: int | None = None) -> list[Job]:
        """Stores queued jobs and has them wait, each in one step; returns those that are new, as
        others are left as they are."""
        with self._redis.pipeline(transaction=False) as pipe:
            for number, job in enumerate(jobs):
                names, args = self._submission(job, running, None, number=number)
                self._submit(keys=names, args=args, client=pipe)
            return [job for job, made in zip(jobs, pipe.execute(), strict=True) if made]

    def submit(self, job: Job, running: int | None, most: int | None, key: str | None) -> int:
        """Does that with one job, made under the Idempotency-Key `key`; 0 where the job is there
        already, and below 0 where over `most` of its tenant would wait: then nothing is written."""
        names, args = self._submission(job, running, most, key)
        return int(self._submit(keys=names, args=args))

    def _submission(
        self,
        job: Job,
        running: int | None,
        most: int | None,
        key: str | None = None,
        number: int = 0,
    ) -> tuple[list[str], list[Any]]:
        upload = job.input.reads_upload
        names = [
            keys.job(job.id),
            keys.WAIT,
            keys.tenant_jobs(job.tenant),
            keys.DEADLINES,
            keys.upload_jobs(upload or ""),
        ]
        args: list[Any] = [
            job.id,
            job.tenant,
            job.waits_in,
            limit_arg(running),
            limit_arg(most),
            score_of(job, number),
            self._clock(),
            int(job.input.referenceId is None),
            "" if job.deadlineAt is None else unix(job.deadlineAt),
            int(upload is not None),
            *_pairs(job),
        ]
        return names, args if key is None else [*args, "idem", key]

    def get(self, job_id: str, tenant: str | None = None, owner: str | None = None) -> Job:
        """The job; raises NotFound, to a tenant also for another's and for one that is hidden, and
        to an `owner` for what is not its own; Newer for one that we cannot read."""
        fields = self._redis.hgetall(keys.job(job_id))
        # a late writer can leave a field behind after an erasure: no id, no record
        if b"id" not in fields:
            raise NotFound(f"no job {job_id}")
        job = assemble(fields)
        hidden = job.tenant != tenant or job.input.referenceId is not None
        hidden = hidden or owner not in (None, job.owner)
        if tenant is not None and hidden:
            raise NotFound(f"no job {job_id}")
        return job

    def page(
        self,
        tenant: str,
        after: tuple[float, str] | None = None,
        limit: int = 50,
        batch: str | None = None,
    ) -> Sequence[tuple[float, str, Job | None]]:
        """Up to `limit` rows of a tenant's list, newest first, that come after a row's place.

        A row is time of creation (in a `batch` the number), id and record; the record is None where
        it has expired, and then the row is taken off the list.
        """
        name, start = keys.batch_jobs(batch) if batch else keys.tenant_jobs(tenant), 0
        if after is not None:
            rank = self._redis.zrevrank(name, after[1])
            # the row of the cursor may be gone: then go on below its time
            start = self._redis.zcount(name, after[0], "+inf") if rank is None else rank + 1
        rows = self._redis.zrevrange(name, start, start + limit - 1, withscores=True)
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id, _ in rows:
                pipe.hgetall(keys.job(text(job_id)))
            records = pipe.execute()
        found: list[tuple[float, str, Job | None]] = []
        for (job_id, score), fields in zip(rows, records, strict=True):
            with contextlib.suppress(Newer):
                job = assemble(fields) if b"id" in fields else None
                found.append((float(score), text(job_id), job))
        expired = [job_id for _, job_id, job in found if job is None]
        if expired:
            self._redis.zrem(name, *expired)
        return found

    def queue_position(self, job_id: str) -> int | None:
        """Its place among the queued jobs on no list; None where it is on one, or not queued."""
        rank = self._redis.zrank(keys.QUEUED, job_id)
        return None if rank is None else int(rank)

    def ask_cancel(self, job_id: str) -> None:
        """Leaves word for whoever runs the job."""
        self._note(keys=[keys.job(job_id)], args=["cancel", "1"])

    def cancel_asked(self, job_id: str) -> bool:
        """Whether somebody wants the job to stop; true also where it is gone."""
        status, cancel = self._redis.hmget(keys.job(job_id), "status", "cancel")
        return status is None or cancel == b"1"

    def past_deadline(self, again_s: float) -> Sequence[str]:
        """Jobs whose deadline has passed; each comes again after `again_s` until it is over."""
        return self._deadlines.take_all(self._clock(), again_s)

    def settled(self, job_id: str) -> None:
        """Its use is counted, or is not to be, and no deadline matters any more."""
        self._note(keys=[keys.job(job_id)], args=["metered", "1"])
        self._redis.zrem(keys.DEADLINES, job_id)

    def idempotency_key(self, job_id: str) -> str | None:
        """The Idempotency-Key under which the job was made, if any."""
        key = self._redis.hget(keys.job(job_id), "idem")
        return None if key is None else text(key)

    def change(self, job_id: str, values: dict[str, Any]) -> None:
        """Sets fields of a record that nobody runs any more; one that is gone stays gone."""
        pairs = [part for pair in json_fields(values).items() for part in pair]
        self._note(keys=[keys.job(job_id)], args=pairs)

    def over(self, job_id: str) -> bool:
        """Whether the job is finished or gone."""
        status = self._redis.hget(keys.job(job_id), "status")
        return status is None or JobStatus(msgspec.json.decode(status)).final

    def erase(self, job: Job) -> None:
        """Deletes every key of the job, and takes it off every list, in one step; its objects are
        deleted by `objects/s3.py`."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(*keys.of_job(job.id))
            pipe.zrem(keys.tenant_jobs(job.tenant), job.id)
            for name in (keys.RUNNING, keys.CLOSED, keys.DEADLINES):
                pipe.zrem(name, job.id)
            if job.input.reads_upload is not None:
                pipe.srem(keys.upload_jobs(job.input.reads_upload), job.id)
            FairQueue.remove_in(pipe, job.tenant, job.id)
            pipe.execute()

    def expire(self, job_id: str, hot_s: int, record_s: int) -> None:
        """A finished job's stream and log stay for `hot_s` seconds, its record for `record_s`."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys.of_job(job_id):
                pipe.expire(key, hot_s)
            pipe.expire(keys.job(job_id), record_s)
            pipe.execute()

    def waiting_since(self, seconds: float, most: int = 200) -> list[str]:
        """Entries that have been on no list for longer than `seconds`, `most` at most."""
        ends = self._clock() - seconds
        rows = self._redis.zrangebyscore(keys.QUEUED, "-inf", ends, start=0, num=most)
        return list(map(text, rows))

    def touch_queued(self, job_id: str) -> None:
        """The job was looked after just now."""
        self._redis.zadd(keys.QUEUED, {job_id: self._clock()}, xx=True)

    def note_spent(self, job_id: str, seconds: float) -> None:
        """Processor time that went into the job in a turn that is over."""
        self._spend(keys=[keys.job(job_id)], args=["spent", round(seconds * 1000)])

    def spent_s(self, job_id: str) -> float:
        """Seconds of processor time noted so far."""
        return int(self._redis.hget(keys.job(job_id), "spent") or 0) / 1000

    def note_fault(self, job_id: str) -> int:
        """A worker could not do the job for a reason of its own; returns how often by now."""
        return int(self._spend(keys=[keys.job(job_id)], args=["faults", 1]))

    def trace(self, job_id: str) -> str | None:
        """The traceparent of the job; None where there is none, or no such job."""
        known = self._redis.hget(keys.job(job_id), "trace")
        return None if known is None else msgspec.json.decode(known)

    def closed(self, job_id: str) -> None:
        """The job is finished, or is about to be, and is to be archived."""
        self._redis.zadd(keys.CLOSED, {job_id: self._clock()})

    def archived(self, job_id: str) -> None:
        """The job needs no more care."""
        self._redis.zrem(keys.CLOSED, job_id)

    def unarchived(self, again_s: float, most: int | None = None) -> Sequence[str]:
        """Finished jobs to archive now, `most` at most; each comes again after `again_s` seconds if
        need be."""
        return self._closed.take_all(self._clock(), again_s, most)

    def count_unarchived(self) -> int:
        """How many there are."""
        return int(self._redis.zcount(keys.CLOSED, "-inf", self._clock()))

    def now(self) -> str:
        """The time as records hold it."""
        return iso(self._clock())
