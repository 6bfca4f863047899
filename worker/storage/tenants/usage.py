"""Usage of tenants by month; each job is counted once, however often `meter` is called.

Counting a job and recording that it is counted is one script. That record is kept for NOTED_S,
longer than the end of a job is retried; the job's own record has the mark `metered`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from worker.contract.errors import ErrorCode
from worker.contract.jobs import Job, JobStatus, Usage
from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.lua_scripts import Scripts
from worker.storage.timestamps import iso

NOTED_S = 2 * 86_400
_OURS = (ErrorCode.INTERNAL, ErrorCode.WORKER_LOST)


class MonthUsage(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's usage in a calendar month (UTC)."""

    month: str
    jobs: int = 0
    mediaSeconds: float = 0.0
    computeSeconds: float = 0.0


def month_of(seconds: float) -> str:
    """Returns the month of a unix time, such as 2026-11."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m")


def next_month(seconds: float) -> tuple[str, float]:
    """Returns the end of a unix time's month, as ISO 8601 and in seconds from that time."""
    now = datetime.fromtimestamp(seconds, UTC)
    year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    end = datetime(year, month, 1, tzinfo=UTC).timestamp()
    return iso(end), end - seconds


def charged(job: Job) -> bool:
    """Returns whether an ended job counts: not if it never started or failed by our fault."""
    if job.status is JobStatus.SUCCEEDED:
        return True
    code = (job.error or {}).get("code")
    if code in _OURS:
        return False
    stopped = code in (ErrorCode.CANCELED, ErrorCode.DEADLINE_EXCEEDED)
    return not stopped or (job.attempt > 0 and job.progress > 0)


def used_so_far(job: Job) -> Usage:
    """Returns the usage of a stopped job: the seconds of its media that were analysed."""
    if job.media is None or job.usage.mediaSeconds:
        return job.usage
    seconds = job.progress * job.media.duration_ms / 1000
    return msgspec.structs.replace(job.usage, mediaSeconds=round(seconds, 3))


def _entry(job: Job) -> str:
    """Returns the name under which a job is noted as counted, hashed as the job may be erased.

    By its time too: where its Idempotency-Key has expired, a new job has the id of an erased one.
    """
    return hashlib.sha256(f"{job.id} {job.createdAt}".encode()).hexdigest()[:24]


class UsageStore:
    """Counts the usage of tenants."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock
        self._run = Scripts(client, __package__)

    def meter(self, job: Job) -> bool:
        """Counts an ended job in the month in which it ended; returns whether it was counted now.

        A job over the poses of another one costs no media seconds.
        """
        if not charged(job) or self._redis.hexists(keys.job(job.id), "metered"):
            return False
        now = self._clock()
        ended = datetime.fromisoformat(job.finishedAt).timestamp() if job.finishedAt else now
        media_s = 0.0 if job.input.posesOf else job.usage.mediaSeconds
        counted = self._run(
            "meter",
            [keys.tenant_usage(job.tenant), keys.tenant_metered(job.tenant)],
            args=[
                _entry(job),
                now,
                now - NOTED_S,
                month_of(ended),
                round(media_s * 1000),
                round(job.usage.computeSeconds * 1000),
            ],
        )
        return bool(counted)

    def meter_erased(self, job: Job) -> bool:
        """Counts a job that is erased, if it runs by the seconds of media analysed."""
        if job.status.final:
            return self.meter(job)
        error, used = {"code": ErrorCode.CANCELED}, used_so_far(job)
        stopped = {"status": JobStatus.CANCELED, "error": error, "usage": used}
        return self.meter(msgspec.structs.replace(job, **stopped))

    def of_month(self, tenant: str, month: str | None = None) -> MonthUsage:
        """Returns the usage of one month, by default the current one."""
        month = month or month_of(self._clock())
        names = [f"{month}:{field}" for field in ("jobs", "mediaMs", "computeMs")]
        jobs, media, compute = self._redis.hmget(keys.tenant_usage(tenant), *names)
        return MonthUsage(
            month=month,
            jobs=int(jobs or 0),
            mediaSeconds=int(media or 0) / 1000,
            computeSeconds=int(compute or 0) / 1000,
        )

    def months(self, tenant: str) -> list[MonthUsage]:
        """Returns all months with usage, newest first."""
        names = map(text, self._redis.hkeys(keys.tenant_usage(tenant)))
        found = {name.split(":")[0] for name in names}
        return [self.of_month(tenant, month) for month in sorted(found, reverse=True)]
