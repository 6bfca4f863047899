"""Celery's side of a worker: thin tasks, models loaded after the fork, signs of life.

Prefork: a crash costs one job and names the culprit. Nothing with a thread pool or a socket of
ours is opened before the fork.
"""

from __future__ import annotations

import mmap
import os
import socket
from functools import cache
from typing import Any

import structlog
from celery import bootsteps, signals

from worker.app import ARCHIVE_JOB, QUEUES, RUN_JOB, app
from worker.pose.engine import PoseEngine
from worker.runner import Runner
from worker.scratch import clear_orphans
from worker.settings import settings
from worker.store.bundle import Stores, open_stores
from worker.store.closing import archive_job as archive
from worker.store.workers import Kind
from worker.sweep import sweep

log = structlog.get_logger()

BEAT_S = 2.0
# one byte that the main process shares with its children: told to stop
_STOPPING = mmap.mmap(-1, 1)


@cache
def _stores() -> Stores:
    return open_stores(settings())


@cache
def _engine() -> PoseEngine:
    given = settings()
    return PoseEngine(given.models, given.provider, given.threads)


@cache
def _runner() -> Runner:
    return Runner(_stores(), _engine, lambda: _STOPPING[0] != 0)


@app.task(name=RUN_JOB)
def run_job(job_id: str) -> None:
    """Runs the next stage of a job."""
    _runner().run(job_id)


@app.task(name=ARCHIVE_JOB)
def archive_job(job_id: str) -> None:
    """Archives a finished job."""
    archive(_stores(), job_id)


@signals.worker_process_init.connect
def _load_models(**_: Any) -> None:
    if any(queue.startswith("pose.") for queue in consumed()):
        _engine()


@signals.worker_shutting_down.connect
def _tell_children(**_: Any) -> None:
    _STOPPING[0] = 1


def consumed() -> tuple[str, ...]:
    """The queues this worker consumes from, as its command line says."""
    return tuple(os.environ.get("POSEQUEUE_WORKER_QUEUES", ",".join(QUEUES)).split(","))


class Keeper(bootsteps.StartStopStep):  # type: ignore[misc]
    """Beats and sweeps from the consuming loop: a worker that hangs falls silent."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self._timer: Any = None
        self._stores = open_stores(settings())
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        super().__init__(parent, **kwargs)

    def start(self, parent: Any) -> None:
        """At every (re)connection."""
        self._slots = int(parent.pool.num_processes)
        clear_orphans(settings().scratch_dir)
        self._round()
        self._timer = parent.timer.call_repeatedly(BEAT_S, self._round)

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        """At every loss of the connection, and at the end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            self._stores.workers.leave(self._name)
        except Exception as error:  # the connection may be what was lost
            log.warning("leave_failed", error=str(error))

    def _round(self) -> None:
        queues = consumed()
        kind: Kind = "gpu" if "pose.gpu" in queues and "pose.cpu" not in queues else "cpu"
        try:
            self._stores.workers.beat(self._name, kind, queues, self._slots)
            sweep(self._stores)
        except Exception as error:  # the loop must live on; the next round tries again
            log.warning("keeper_round_failed", error=str(error))


app.steps["consumer"].add(Keeper)
