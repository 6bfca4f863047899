"""Quarantine: a job during which a worker process crashed is run again in a process of its own.

Whatever it does to that process (a crash, a memory leak, corrupted memory) affects no other job.
When memory runs out the kernel kills this process first.
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
from worker.storage.stores import Stores
from worker.system.memory import limit_memory, raise_oom_score, set_mmap_threshold

log = structlog.get_logger()

PROGRAM = (sys.executable, "-m", "worker.runtime.quarantine")
_LOOK_S = 0.5
_PR_SET_PDEATHSIG = 1


def run_quarantined(name: str, stopping: Callable[[], bool]) -> int:
    """Runs a job, or segments of one, in a child process and returns the exit status.

    The status is negative for a signal. When `stopping`, the child is told to release the job; if
    it crashes, the lease expires.
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
    """Runs the job or segment entry `name` and returns; the child's main function."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    _die_with_parent()
    given = settings()
    configure_logs(given.log_level, given.secrets(), given.log_format)
    configure_stdlib_logging(given.log_level, given.log_format)
    _bound(given)
    _count(given)
    start_tracing(given, "posequeue-worker")
    Runner(Stores(given), engine, stop.is_set).run(name)
    stop_tracing()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _bound(given: Settings) -> None:
    set_mmap_threshold()
    raise_oom_score(1000)
    if given.alone_memory_bytes and "pose.gpu" not in consumed():
        limit_memory(given.alone_memory_bytes)


def _count(given: Settings) -> None:
    if given.metrics_port is not None and "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from worker.observability.prometheus import count_here

        count_here()


if __name__ == "__main__":
    main(sys.argv[1])
