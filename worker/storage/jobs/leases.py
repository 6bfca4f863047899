"""Leases of jobs with fencing tokens, and all writes of workers.

A claim increments the job's fence; its value is the token of that run. Each write carries the token
and is refused once another worker has claimed the job, however late it arrives.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from worker.contract.jobs import SUPPORTED_JOB_VERSION, Job
from worker.contract.messages import Entry
from worker.contract.queue_entries import job_of_entry
from worker.storage import keys
from worker.storage.clock import iso
from worker.storage.connection import Client, text
from worker.storage.errors import Fenced
from worker.storage.jobs.records import assemble, json_fields
from worker.storage.jobs.streams import Row, RowKind, final_event_row, rows_of
from worker.storage.queue.fair_queue import limit_arg, score_of
from worker.storage.store import DueSet, Store
from worker.storage.tenants.usage import charges

Outcome = Literal["run", "lost", "busy", "final", "gone", "newer"]


@dataclass(frozen=True)
class Claim:
    """The result of claiming a job; `token` and the record are set for `run` and `lost` only."""

    outcome: Outcome
    token: int = 0
    job: Job | None = None


class LeaseStore(Store):
    """Claims, heartbeats and fenced commits.

    `ttl_s` is the lifetime of a lease without heartbeat in seconds, `max_lost` the number of worker
    crashes after which a job is given up, `known` the newest job version that this code can run,
    `partitions` the number of the firehose's.
    """

    def __init__(
        self,
        client: Client,
        ttl_s: float = 15,
        max_lost: int = 3,
        clock: Callable[[], float] = time.time,
        known: int = SUPPORTED_JOB_VERSION,
        partitions: int = 8,
    ) -> None:
        super().__init__(client, clock)
        self._ttl_s = ttl_s
        self._max_lost = max_lost
        self._known = known
        self._partitions = partitions
        self._running = DueSet(client, keys.RUNNING, clock)

    @property
    def ttl_s(self) -> float:
        """Seconds after which a lease expires without a heartbeat."""
        return self._ttl_s

    def claim(self, job_id: str, *, to_close: bool = False) -> Claim:
        """Claims the lease of a job; `to_close` counts no attempt and sets no start time.

        The first claim puts `job.started` on the firehose.

        Outcomes: `run`; `busy`: another worker has the lease; `final`: the job has ended; `gone`:
        it was erased; `lost`: claimed, but it crashed too many workers, and the caller is to fail
        it as `worker_lost`; `newer`: it needs newer code. Raises Newer as `JobStore.get`.
        """
        started = b"" if to_close else json_fields({"at": iso(self._clock())})["at"]
        own = (keys.job(job_id), keys.fence(job_id), keys.lease(job_id))
        names = [*own, keys.RUNNING, keys.WAIT, keys.firehose(job_id, self._partitions)]
        outcome, token, record = self._run(
            "jobs/claim",
            names,
            args=[self._ttl_ms(), self._max_lost, started, self._known, self._clock(), job_id],
        )
        job = assemble(dict(zip(record[::2], record[1::2], strict=True))) if record else None
        return Claim(text(outcome), int(token), job)  # type: ignore[arg-type]

    def silent_s(self, job_id: str) -> float:
        """Returns the seconds since the last heartbeat of the job's lease; infinite without one."""
        left_ms = int(self._redis.pttl(keys.lease(job_id)))
        return math.inf if left_ms < 0 else self._ttl_s - left_ms / 1000

    def suspect(self, name: str) -> bool:
        """Returns whether a worker crashed during a job (or the job of a segment) to be run now.

        False for a job with a lease, and for one that is to be given up.
        """
        job_id = job_of_entry(name) or name
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(keys.job(job_id), "held", "lost")
            pipe.exists(keys.lease(job_id))
            (mark, lost), leased = pipe.execute()
        if leased and job_id == name:
            return False
        deaths = int(lost or 0) + (mark == b"1" and not leased)
        return 0 < deaths < self._max_lost  # a job to be given up is not run

    def extend(self, job_id: str, token: int) -> None:
        """Extends a lease by a heartbeat; raises Fenced where it is lost."""
        until = self._clock() + self._ttl_s
        names, args = [keys.lease(job_id), keys.RUNNING], [token, self._ttl_ms(), job_id, until]
        if not self._run("jobs/extend", names, args):
            raise Fenced(job_id)

    def commit(
        self,
        job_id: str,
        token: int,
        entries: Sequence[Entry] = (),
        *,
        rows: Sequence[Row] = (),
        place: int = 0,
        log: Sequence[bytes] = (),
        fields: dict[str, Any] | None = None,
    ) -> int:
        """Writes pose log entries, messages (as `entries`, or encoded) and fields of the record
        atomically.

        Messages are put on the firehose too, as the job's option asks. `place` is the index in the
        pose log of the first entry in `log`; existing ones are not written again. Returns the
        number of new messages. Raises Fenced where the lease is lost.
        """
        messages = rows or rows_of(entries)
        return self._write(job_id, token, "keep", fields, place=place, log=log, rows=messages)

    def release(
        self,
        job: Job,
        token: int,
        queue: str,
        running: int | None,
        *,
        same_attempt: bool = False,
        fields: dict[str, Any] | None = None,
    ) -> None:
        """Ends the lease and puts the job into `queue`; raises Fenced.

        `running` is the tenant's limit of running jobs. `same_attempt`: the next claim is no new
        one. `fields` of the record are written too.
        """
        mode = "pause" if same_attempt else "release"
        self._write(job.id, token, mode, fields, tenant=job.tenant, queue=queue, running=running,
                    score=score_of(job))  # fmt: skip

    def finish(self, job: Job, token: int, entries: Sequence[Entry], ended: dict[str, Any]) -> bool:
        """Writes the last messages, `done` after all, and the final fields `ended`, ends the lease,
        charges the tenant and lists the job for archiving; raises Fenced.

        The event of the job's end follows on the firehose, unless it made a reference. Returns
        whether it was the last job of its batch.
        """
        charged = msgspec.json.encode(charges(msgspec.structs.replace(job, **ended)))
        rows = rows_of(entries)
        if job.input.referenceId is None:
            rows.append(final_event_row(job.id, rows[-1]))
        last = self._write(
            job.id, token, "finish", ended, tenant=job.tenant, charged=charged, rows=rows
        )
        return bool(last)

    def relist(self, job_id: str) -> bool:
        """Adds a job with a lease to the index of running jobs; returns False without a lease."""
        left_ms = int(self._redis.pttl(keys.lease(job_id)))
        if left_ms > 0:
            self._redis.zadd(keys.RUNNING, {job_id: self._clock() + left_ms / 1000}, nx=True)
        return left_ms > 0

    def requeue_lost(self, job: Job, running: int | None) -> bool:
        """Queues a job again that lost its worker or its queue entry; returns whether it is queued.

        Does nothing for a job that has a lease or has ended.
        """
        names = [keys.job(job.id), keys.lease(job.id), keys.RUNNING, keys.WAIT]
        args = [job.id, job.tenant, job.waits_in, limit_arg(running), score_of(job)]
        return bool(self._run("jobs/requeue_lost", names, args))

    def _write(
        self,
        job_id: str,
        token: int,
        mode: str,
        fields: dict[str, Any] | None,
        *,
        tenant: str = "",
        queue: str = "",
        running: int | None = None,
        score: float = 0.0,
        charged: bytes = b"",
        place: int = 0,
        log: Sequence[bytes] = (),
        rows: Sequence[Row] = (),
    ) -> int:
        now, values = self._clock(), json_fields(fields or {})
        args: list[Any] = [token, self._ttl_ms(), mode, job_id, tenant, now]
        args += (queue, limit_arg(running), score, iso(now), charged, len(values))
        for name, value in values.items():
            args += (name, value)
        args += (place, len(log), *log)
        for entry_id, name, data in rows:
            args += (entry_id, name, data, RowKind.of(name))
        names = [
            keys.lease(job_id),
            keys.job(job_id),
            keys.poses(job_id),
            keys.messages(job_id),
            keys.RUNNING,
            keys.WAIT,
            keys.CLOSED,
            keys.firehose(job_id, self._partitions),
            keys.DEADLINES,
            keys.tenant_usage(tenant),
            keys.parts(job_id),
        ]
        added = int(self._run("jobs/commit", names, args))
        if added < 0:
            raise Fenced(job_id)
        return added

    def overdue(self) -> list[str]:
        """Claims the running jobs whose lease has expired; each is returned to one caller only."""
        return [
            job_id
            for job_id in self._running.waiting()
            if not self._redis.exists(keys.lease(job_id))
            and self._running.take(job_id, self._ttl_s)
        ]

    def _ttl_ms(self) -> int:
        return int(self._ttl_s * 1000)
