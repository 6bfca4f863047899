"""A worker whose jobs may be poison, if their metadata say so: they end the process they run in.

python -m tests.integration.poisoned worker    or    … alone JOB, which the first one starts
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from worker.jobs import runner
from worker.jobs.leased_job import LeasedJob
from worker.runtime import quarantine

ALONE = "alone"
OURS = [sys.executable, "-m", "tests.integration.poisoned"]


def crash(_: LeasedJob) -> None:
    """Reads what is not there, in native code."""
    ctypes.string_at(0)


def hang(leased: LeasedJob) -> None:
    """Native code that never returns, with Python's lock in its hand; the runner's patience is made
    short for it."""
    watchdog: Any = leased._progress.__self__  # type: ignore[attr-defined]
    watchdog._limit_s = 1.0
    watchdog._start()
    ctypes.PyDLL(None).sleep(3600)


def devour(_: LeasedJob) -> None:
    """Takes all memory there is; run where there is a limit."""
    eaten = []
    while True:
        eaten.append(bytearray(64 << 20))


WAYS: tuple[Callable[[LeasedJob], None], ...] = (crash, hang, devour)
"""How poison ends the process of its first attempt, its second, its third."""
_analyse = runner.analyse


def analyse(leased: LeasedJob, open_engine: Callable[[], Any], scratch: Path) -> None:
    """What `worker.jobs.stages` does, unless the job is poison; says where each attempt ran."""
    poison = leased.job.metadata.get("poison")
    place = f"{'poison' if poison else 'sound'}:{sys.argv[1]}:{os.getpid()}"
    leased.stores.redis.rpush("test:attempts", place)
    if poison:
        WAYS[leased.job.attempt - 1](leased)
    _analyse(leased, open_engine, scratch)


def main() -> None:
    """One of the two processes."""
    runner.analyse = analyse
    if sys.argv[1] == ALONE:
        quarantine.main(sys.argv[2])
        return
    quarantine.PROGRAM = (*OURS, ALONE)  # type: ignore[assignment]
    from worker.runtime import tasks

    tasks.app.worker_main(["worker", "-P", "prefork", "-c", sys.argv[2], "-Q", "pose.cpu",
                           "--without-gossip", "--without-mingle", "-l", "WARNING"])  # fmt: skip


if __name__ == "__main__":
    main()
