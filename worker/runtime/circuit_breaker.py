"""A circuit breaker: a worker that fails all jobs stops taking them.

Where most of its last jobs failed by the worker's own faults (`jobs/faults.py`), the main process
stops consuming from the queues of jobs, reports the fault, and runs `self_check.py` in a process
from time to time. When the check succeeds, it consumes again.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog

from worker.contract.workers import Fault
from worker.jobs.faults import RecentFaults
from worker.observability.metrics import BREAKER_OPENED, record

log = structlog.get_logger()

CHECK = (sys.executable, "-m", "worker.runtime.self_check")
FIRST_S, MOST_S = 5.0, 60.0
"""Seconds from opening or a failed check to the next check: the first, and the maximum, with
exponential back-off."""
_CHECK_S = 120.0


def runs_jobs(queue: str) -> bool:
    """Returns whether a queue holds jobs, which need models or a disk."""
    return queue.startswith("pose.") or queue == "export"


class CircuitBreaker:
    """The breaker in the main process of a worker; its loop calls `tick` every few seconds.

    `outcomes` are the recent faults, `queues` those that the worker consumes when it is closed.
    """

    def __init__(
        self,
        outcomes: RecentFaults,
        queues: tuple[str, ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outcomes = outcomes
        self._queues = queues
        self._clock = clock
        self._check: subprocess.Popen[bytes] | None = None
        self._wait_s = FIRST_S
        self._due = 0.0
        self.fault: Fault | None = None
        """The fault for which the breaker is open; None while it is closed."""

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that the worker consumes from now."""
        return tuple(one for one in self._queues if not (self.fault and runs_jobs(one)))

    def tick(self, consumer: Any) -> None:
        """Opens the breaker, starts a check or closes it, as is due; does not block.

        `consumer` is Celery's consumer.
        """
        if self.fault is None:
            self._open(consumer)
        elif self._check is None:
            if self._clock() >= self._due:
                self._check = subprocess.Popen(CHECK, stdin=subprocess.DEVNULL)
                self._due = self._clock() + _CHECK_S
        elif (status := self._check.poll()) is not None:
            self._checked(consumer, status)
        elif self._clock() > self._due:
            self._check.kill()  # the next call sees its status

    def end(self) -> None:
        """Kills a running check when the worker stops."""
        if self._check is not None:
            self._check.kill()
            self._check.wait()
            self._check = None

    def _open(self, consumer: Any) -> None:
        fault = self._outcomes.dominant_fault()
        if fault is None:
            return
        self.fault, self._wait_s = fault, FIRST_S
        self._due = self._clock() + FIRST_S
        log.error("breaker_opened", fault=fault)
        record(BREAKER_OPENED, 1, fault)
        for queue in filter(runs_jobs, self._queues):
            consumer.cancel_task_queue(queue)

    def _checked(self, consumer: Any, status: int) -> None:
        self._check = None
        if status:
            self._wait_s = min(2 * self._wait_s, MOST_S)
            self._due = self._clock() + self._wait_s
            log.warning("breaker_stays_open", fault=self.fault, again_s=self._wait_s)
            return
        log.info("breaker_closed", fault=self.fault)
        self.fault = None
        self._outcomes.reset()
        for queue in filter(runs_jobs, self._queues):
            consumer.add_task_queue(queue)
