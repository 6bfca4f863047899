"""The Celery tasks of pose and export workers; models are loaded after the fork.

The pool is prefork: a crash affects one job, which is then known. No thread pool or socket of
the application is opened before the fork.
"""

from __future__ import annotations

import mmap
import os
import time
from functools import cache
from typing import Any

from celery import signals
from celery.exceptions import Reject

import worker.runtime.signals  # noqa: F401  (logs, metrics and traces follow the worker's signals)
from worker.contract.queue_entries import is_batch
from worker.jobs.faults import RecentFaults
from worker.jobs.runner import Runner
from worker.pose.weights.install import present
from worker.queueing.celery_app import app, consumed
from worker.queueing.dispatch import dispatch_next as exchange
from worker.queueing.queues import MAINTAIN, RUN_NEXT
from worker.runtime.housekeeping import Housekeeping
from worker.runtime.maintenance import run_maintenance
from worker.runtime.model_loading import engine, warm, warn_of_outdated
from worker.runtime.quarantine import run_quarantined
from worker.settings import settings
from worker.storage.stores import Stores
from worker.submission.batches import read_manifest
from worker.system.gc_tuning import tune_gc
from worker.system.memory import raise_oom_score, set_mmap_threshold

# one byte shared by the main process and its children: 1 when the worker stops
_STOPPING = mmap.mmap(-1, 1)
# shared in the same way: outcomes of the last jobs
_OUTCOMES = RecentFaults()
_BEFORE_THE_MAIN_PROCESS = 200
_PAUSE_S = 1.0
MODELS_FAILED = 72
"""Exit status of a process whose models failed; Celery gives its task to another process."""


@cache
def _stores() -> Stores:
    return Stores(settings())


def _stopping() -> bool:
    return _STOPPING[0] != 0


@cache
def _runner() -> Runner:
    return Runner(_stores(), engine, _stopping, _OUTCOMES)


def _run(name: str) -> None:
    """Reads on in a manifest, or runs a job or segments of one, in quarantine where a worker
    crashed during it before.

    A process whose models failed after loading exits, as its GPU or runtime may stay broken.
    """
    if is_batch(name):
        read_manifest(_stores(), name)
    elif _stores().leases.suspect(name):
        run_quarantined(name, _stopping)
    else:
        _runner().run(name)
        if _OUTCOMES.mine("models") and engine.cache_info().currsize:
            os._exit(MODELS_FAILED)


def _give_back_if_tripped() -> None:
    """Rejects the task, for another worker to take, where this worker's breaker is to open."""
    if _OUTCOMES.dominant_fault():
        time.sleep(_PAUSE_S)  # until the main process has stopped consuming
        raise Reject("the worker takes no jobs", requeue=True)


@app.task(name=RUN_NEXT)
def run_next(waiting: str, **_newer: object) -> None:
    """Handles a wake-up: runs the next job of the fair queue `waiting`, if any may run."""
    _give_back_if_tripped()
    exchange(_stores(), _run, waiting)


@app.task(name=MAINTAIN)
def maintain(**_newer: object) -> None:
    """Runs the due maintenance."""
    run_maintenance(_stores(), _stopping)


@signals.worker_process_init.connect
def _load_models(**_: Any) -> None:
    set_mmap_threshold()
    raise_oom_score(_BEFORE_THE_MAIN_PROCESS)
    tune_gc()
    if any(queue.startswith("pose.") for queue in consumed()):
        warm()


@signals.worker_init.connect
def _look_at_models(**_: Any) -> None:
    warn_of_outdated(settings().models)


@signals.worker_shutting_down.connect
def _tell_children(**_: Any) -> None:
    _STOPPING[0] = 1


class _JobHousekeeping(Housekeeping):
    outcomes = _OUTCOMES

    def models(self) -> tuple[str, ...]:
        return tuple(present(settings().models))


app.steps["consumer"].add(_JobHousekeeping)
