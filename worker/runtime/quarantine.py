"""A job over which a worker died: run in a process that ran nothing before it and nothing after.

So whatever it does to its process (a crash, memory that is eaten or overwritten) befalls nobody
else, and the next job finds a process as good as new. The kernel takes this process first where
memory runs out.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import structlog

from worker.jobs.runner import Runner
from worker.observability.log_setup import configure_logs, configure_stdlib_logging
from worker.observability.tracing import start_tracing, stop_tracing
from worker.queueing.celery_app import consumed
from worker.runtime.model_loading import engine
from worker.settings import Settings, settings
from worker.storage.stores import open_stores
from worker.system.memory import limit_memory, limit_mmap_threshold, raise_oom_score

log = structlog.get_logger()

PROGRAM = (sys.executable, "-m", "worker.runtime.quarantine")
_LOOK_S = 0.5
_PR_SET_PDEATHSIG = 1


def run_quarantined(name: str, stopping: Callable[[], bool]) -> int:
    """Runs a job, or segments of one, in a process of its own; returns the exit status, negative
    for a signal. Where `stopping`, the job is handed over. What dies leaves its lease to run out.
    """
    log.info("job_runs_alone", job=name)
    child = subprocess.Popen([*PROGRAM, name], stdin=subprocess.DEVNULL)
    try:
        status = _watched(child, stopping)
    finally:
        child.kill()
        child.wait()
    if status:
        log.warning("job_killed_its_process", job=name, status=status)
    return status


def _watched(child: subprocess.Popen[bytes], stopping: Callable[[], bool]) -> int:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(_LOOK_S)
        if stopping():
            child.terminate()


def main(name: str) -> None:
    """The process: runs what is named and ends."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker decides
    _die_with_parent()
    given = settings()
    configure_logs(given.log_level, given.secrets(), given.log_format)
    configure_stdlib_logging(given.log_level, given.log_format)
    _bound(given)
    _count(given)
    start_tracing(given, "posequeue-worker")
    Runner(open_stores(given), engine, stop.is_set).run(name)
    stop_tracing()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _bound(given: Settings) -> None:
    limit_mmap_threshold()
    raise_oom_score(1000)
    if given.alone_memory_bytes and "pose.gpu" not in consumed():
        limit_memory(given.alone_memory_bytes)


def _count(given: Settings) -> None:
    if given.metrics_port is not None and "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from worker.observability.prometheus import count_here

        count_here()


if __name__ == "__main__":
    main(sys.argv[1])
