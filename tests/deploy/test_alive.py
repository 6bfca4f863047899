"""The health check of workers, as a container runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from tests.deploy.conftest import ROOT
from worker.storage.stores import Stores

ALIVE = ROOT / "deploy/docker/alive.py"


def exit_code(**environment: str) -> int:
    done = subprocess.run(
        [sys.executable, ALIVE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    return done.returncode


def test_only_a_worker_of_this_host_counts(stores: Stores) -> None:
    stores.workers.beat("elsewhere:7", "cpu", ("pose.cpu",), 1)
    assert exit_code() == 1
    stores.workers.beat(f"{socket.gethostname()}:7", "cpu", ("pose.cpu",), 1)
    assert exit_code() == 0
    stores.workers.leave(f"{socket.gethostname()}:7")
    assert exit_code() == 1


def test_a_silent_redis_is_not_the_workers_fault() -> None:
    assert exit_code(POSEQUEUE_REDIS_URL="redis://127.0.0.1:1/0") == 0
