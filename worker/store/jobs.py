"""Job records: create, read, list, cancel, erase."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from worker.contract.jobs import Job, decode_job
from worker.store import keys, scripts
from worker.store.connection import Client, text
from worker.store.errors import NotFound

_INTERNAL = (b"held", b"cancel", b"fired")


def iso(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC, to the millisecond."""
    stamp = datetime.fromtimestamp(seconds, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def assemble(fields: dict[bytes, bytes]) -> Job:
    """The record whose JSON fields these are; raises DecodeError."""
    parts = [b'"%s":%s' % (name, value) for name, value in fields.items() if name not in _INTERNAL]
    return decode_job(b"{" + b",".join(parts) + b"}")


def json_fields(values: dict[str, Any]) -> dict[str, bytes]:
    """Values as the hash stores them."""
    return {name: msgspec.json.encode(value) for name, value in values.items()}


class JobStore:
    """All queries on job records; who runs a job is the business of `leases.py`."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock
        self._take_due = client.register_script(scripts.TAKE_DUE)

    def create(self, job: Job) -> None:
        """Stores a queued job and lists it under its tenant, unless it makes a reference."""
        fields = json_fields({f: getattr(job, f) for f in Job.__struct_fields__})
        fields.pop("startedAt")  # set once, by the first claim
        now = self._clock()
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(keys.job(job.id), mapping=fields)
            if job.input.referenceId is None:
                pipe.zadd(keys.tenant_jobs(job.tenant), {job.id: now})
            pipe.zadd(keys.QUEUED, {job.id: now})
            pipe.execute()

    def get(self, job_id: str, tenant: str | None = None) -> Job:
        """The job; raises NotFound, to a tenant also for another's and for one that is hidden."""
        fields = self._redis.hgetall(keys.job(job_id))
        # a late writer can leave a field behind after an erasure: no id, no record
        if b"id" not in fields:
            raise NotFound(f"no job {job_id}")
        job = assemble(fields)
        hidden = job.tenant != tenant or job.input.referenceId is not None
        if tenant is not None and hidden:
            raise NotFound(f"no job {job_id}")
        return job

    def page(
        self, tenant: str, after: tuple[float, str] | None = None, limit: int = 50
    ) -> Sequence[tuple[float, str, Job | None]]:
        """Up to `limit` rows of a tenant's list, newest first, that come after a row's place.

        A row is time of creation, id and record; the record is None where it has expired, and then
        the row is taken off the list.
        """
        name, start = keys.tenant_jobs(tenant), 0
        if after is not None:
            rank = self._redis.zrevrank(name, after[1])
            # the row of the cursor may be gone: then go on below its time
            start = self._redis.zcount(name, after[0], "+inf") if rank is None else rank + 1
        rows = self._redis.zrevrange(name, start, start + limit - 1, withscores=True)
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id, _ in rows:
                pipe.hgetall(keys.job(text(job_id)))
            records = pipe.execute()
        found = [
            (float(score), text(job_id), assemble(fields) if b"id" in fields else None)
            for (job_id, score), fields in zip(rows, records, strict=True)
        ]
        expired = [job_id for _, job_id, job in found if job is None]
        if expired:
            self._redis.zrem(name, *expired)
        return found

    def queue_position(self, job_id: str) -> int | None:
        """How many queued jobs are before this one; None when it is not queued."""
        rank = self._redis.zrank(keys.QUEUED, job_id)
        return None if rank is None else int(rank)

    def ask_cancel(self, job_id: str) -> None:
        """Leaves word for whoever runs the job."""
        self._redis.hset(keys.job(job_id), "cancel", "1")

    def cancel_asked(self, job_id: str) -> bool:
        """Whether somebody wants the job to stop; true also where it is gone."""
        status, cancel = self._redis.hmget(keys.job(job_id), "status", "cancel")
        return status is None or cancel == b"1"

    def erase(self, job: Job) -> None:
        """Deletes every key of the job; its objects are deleted by `objects.py`."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(*keys.of_job(job.id))
            pipe.zrem(keys.tenant_jobs(job.tenant), job.id)
            pipe.zrem(keys.QUEUED, job.id)
            pipe.zrem(keys.RUNNING, job.id)
            pipe.zrem(keys.CLOSED, job.id)
            pipe.execute()

    def expire(self, job_id: str, hot_s: int, record_s: int) -> None:
        """A finished job's stream and log stay for `hot_s` seconds, its record for `record_s`."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys.of_job(job_id):
                pipe.expire(key, hot_s)
            pipe.expire(keys.job(job_id), record_s)
            pipe.execute()

    def waiting_since(self, seconds: float) -> Iterator[str]:
        """Jobs that have been queued for longer than `seconds`."""
        for job_id in self._redis.zrangebyscore(keys.QUEUED, "-inf", self._clock() - seconds):
            yield text(job_id)

    def touch_queued(self, job_id: str) -> None:
        """The job was sent to its queue again just now."""
        self._redis.zadd(keys.QUEUED, {job_id: self._clock()}, xx=True)

    def requeue(self, job_id: str) -> None:
        """The job waits, or is to: called before the lease goes, lest a crash loses it."""
        self._redis.zadd(keys.QUEUED, {job_id: self._clock()})

    def closed(self, job_id: str) -> None:
        """The job is finished, or is about to be, and is to be archived."""
        self._redis.zadd(keys.CLOSED, {job_id: self._clock()})

    def archived(self, job_id: str) -> None:
        """The job needs no more care."""
        self._redis.zrem(keys.CLOSED, job_id)

    def unarchived(self, again_s: float) -> Sequence[str]:
        """Finished jobs to archive now; each comes again after `again_s` seconds if need be."""
        now = self._clock()
        due = [text(job_id) for job_id in self._redis.zrangebyscore(keys.CLOSED, "-inf", now)]
        return [j for j in due if self._take_due(keys=[keys.CLOSED], args=[j, now, now + again_s])]

    def now(self) -> str:
        """The time as records hold it."""
        return iso(self._clock())
