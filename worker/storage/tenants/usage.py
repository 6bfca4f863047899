"""Usage of tenants by month: each job is counted once, by the script that ends or erases it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from worker.contract.errors import ErrorCode
from worker.contract.jobs import Job, JobStatus, Usage
from worker.storage import keys
from worker.storage.clock import iso
from worker.storage.connection import text
from worker.storage.store import Store

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


def charges(job: Job) -> dict[str, int]:
    """Returns what an ended job adds to the fields of its tenant's usage, in the month of its end.

    A job over the poses of another one costs no media seconds.
    """
    if not charged(job) or job.finishedAt is None:
        return {}
    month = job.finishedAt[: len("2026-11")]
    media_s = 0.0 if job.input.posesOf else job.usage.mediaSeconds
    return {
        f"{month}:jobs": 1,
        f"{month}:mediaMs": round(media_s * 1000),
        f"{month}:computeMs": round(job.usage.computeSeconds * 1000),
    }


def charges_if_erased(job: Job, now: str) -> dict[str, int]:
    """Returns the charges of a job that is erased at `now` (ISO 8601) before its end: for the
    seconds of media that were analysed."""
    error, used = {"code": ErrorCode.CANCELED}, used_so_far(job)
    ended = {"status": JobStatus.CANCELED, "error": error, "usage": used, "finishedAt": now}
    return charges(msgspec.structs.replace(job, **ended))


class UsageStore(Store):
    """Reads the usage of tenants; jobs add to it in the scripts that end or erase them."""

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
