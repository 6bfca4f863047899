"""Heartbeats and sweeps in the consuming loop of a worker, which stop if it hangs or is stuck."""

from __future__ import annotations

import os
import socket
from typing import Any

import structlog
from celery import bootsteps
from celery.worker import state

from worker.jobs.faults import RecentFaults
from worker.queueing.celery_app import consumed
from worker.queueing.queues import tasks_in
from worker.runtime.circuit_breaker import CircuitBreaker
from worker.runtime.consumer_watchdog import ConsumerStuck, ConsumerWatchdog
from worker.runtime.sweeper import sweep
from worker.settings import settings
from worker.storage.jobs.firehose_trimming import trim_now_and_then
from worker.storage.queue.workers import Kind
from worker.storage.stores import Stores
from worker.system.scratch import clear_orphans

log = structlog.get_logger()

BEAT_S = 2.0


class Housekeeping(bootsteps.StartStopStep):  # type: ignore[misc]
    """Celery bootstep that every BEAT_S seconds sends a heartbeat, sweeps lost jobs, trims the
    firehose and clears orphaned scratch folders."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    outcomes: RecentFaults | None = None
    """Recent faults of this worker's jobs; set by a subclass, as Celery makes the instance."""

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self._timer: Any = None
        self._stores = Stores(settings())
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._breaker = CircuitBreaker(self.outcomes or RecentFaults(), consumed())
        self._consuming = ConsumerWatchdog()
        super().__init__(parent, **kwargs)

    def start(self, parent: Any) -> None:
        """Starts the timer; called at every (re)connection."""
        self._slots = int(parent.pool.num_processes)
        self._round(parent)
        self._timer = parent.timer.call_repeatedly(BEAT_S, self._round, (parent,))

    def models(self) -> tuple[str, ...] | None:
        """Returns the names of the installed models; None for a worker that runs no jobs."""
        return None

    def shutdown(self, parent: Any) -> None:  # noqa: ARG002
        """Stops the breaker when the worker ends."""
        self._breaker.end()

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        """Stops the timer and unregisters the worker, at each lost connection and at the end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            self._stores.workers.leave(self._name)
        except Exception as error:  # the connection may be what was lost
            log.warning("leave_failed", error=str(error))

    def _round(self, parent: Any) -> None:
        queues = consumed()
        kind: Kind = "gpu" if "pose.gpu" in queues and "pose.cpu" not in queues else "cpu"
        try:
            self._breaker.tick(parent)
            taken, fault = self._breaker.queues, self._breaker.fault
            if self._consumes(taken):
                has = self.models()
                self._stores.workers.beat(self._name, kind, taken, self._slots, fault, has)
            sweep(self._stores)
            trim_now_and_then(self._stores.redis, self._stores.settings, self._stores.clock())
            clear_orphans(settings().scratch_dir)  # also those of killed processes
        except ConsumerStuck:
            raise
        except Exception as error:  # the loop must continue; the next round retries
            log.warning("keeper_round_failed", error=str(error))

    def _consumes(self, queues: tuple[str, ...]) -> bool:
        """Returns whether the worker takes tasks; raises ConsumerStuck if it is to reconnect."""
        room = self._slots - len(state.reserved_requests)
        taken = sum(state.total_count.values())
        self._consuming.observe(tasks_in(self._stores.redis, queues), room, taken)
        if self._consuming.should_reconnect():
            log.error("consumer_stuck", queues=queues)
            raise ConsumerStuck("tasks wait, and none is taken")
        return not self._consuming.stuck
