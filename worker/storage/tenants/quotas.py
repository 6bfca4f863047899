"""Limits of tenants: rate of requests, number of queued jobs, media minutes per month.

The rate limit is a leaky bucket as a meter, by the generic cell rate algorithm (ITU-T I.371): one
time is stored per tenant, at which its bucket is empty again. A burst of a whole minute's requests
is allowed; after that they are admitted at the plan's rate.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from worker.contract.plans import PlanLimits
from worker.storage import keys
from worker.storage.connection import Client
from worker.storage.errors import LimitExceeded
from worker.storage.queue.fair_queue import FairQueue
from worker.storage.store import Store
from worker.storage.tenants.usage import UsageStore, next_month

WINDOW_S = 60
RETRY_QUEUED_S = 30
"""Seconds after which a tenant with a full queue may retry."""


@dataclass(frozen=True)
class Rate:
    """A tenant's rate limit after a request.

    `limit` and `remaining` are numbers of requests; `reset_s` is the time until the bucket is
    empty, `retry_s` until another request is allowed, in seconds.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_s: int


class QuotaStore(Store):
    """Checks requests against the limits of a tenant's plan."""

    def __init__(
        self,
        client: Client,
        waiting: FairQueue,
        usage: UsageStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(client, clock)
        self._waiting = waiting
        self._usage = usage

    def take_request(self, tenant: str, limit: int) -> Rate:
        """Counts a request of a tenant that may make `limit` per minute; does not raise."""
        args = [self._clock(), limit, WINDOW_S]
        allowed, remaining, reset, retry = self._run(
            "tenants/take_request", [keys.rate(tenant)], args
        )
        seconds = [math.ceil(int(ms) / 1000) for ms in (reset, retry)]
        return Rate(bool(allowed), limit, int(remaining), *seconds)

    def check_refused(self, address: str, limit: int) -> None:
        """Counts a request of `address` with an invalid key; raises LimitExceeded `rate_limited`
        beyond `limit` of them per minute."""
        args = [self._clock(), limit, WINDOW_S]
        allowed, _, _, retry = self._run("tenants/take_request", [keys.refused(address)], args)
        if not allowed:
            text = "Too many requests with keys that are not valid."
            details = {"limit": "refusedKeysPerMinute", "allowed": limit}
            raise LimitExceeded("rate_limited", text, details, int(retry) / 1000)

    def check_queue(self, tenant: str, limits: PlanLimits, count: int = 1) -> None:
        """Raises LimitExceeded `concurrency_limit_exceeded` if `count` more jobs do not fit."""
        most = limits.queuedJobs
        if most is not None and (there := self._waiting.length(tenant)) + count > most:
            raise queue_full(most, there)

    def check_minutes(self, tenant: str, limits: PlanLimits) -> None:
        """Raises LimitExceeded `quota_exceeded` if the month's media minutes are used up.

        Running jobs are not counted yet, so that a month may exceed its quota by a few jobs.
        """
        most = limits.mediaMinutesPerMonth
        if most is None:
            return
        used = self._usage.of_month(tenant).mediaSeconds / 60
        if used < most:
            return
        ends, left_s = next_month(self._clock())
        raise LimitExceeded(
            "quota_exceeded",
            f"The plan's {most:g} media minutes of this month are used up; new ones from {ends}.",
            {
                "limit": "mediaMinutesPerMonth",
                "allowed": most,
                "used": round(used, 2),
                "resetsAt": ends,
            },
            left_s,
        )


def queue_full(most: int, there: int) -> LimitExceeded:
    """Returns the error for a full queue with `there` of `most` jobs."""
    return LimitExceeded(
        "concurrency_limit_exceeded",
        f"The plan allows {most} queued jobs, and {there} are queued.",
        {"limit": "queuedJobs", "allowed": most, "used": there},
        RETRY_QUEUED_S,
    )
