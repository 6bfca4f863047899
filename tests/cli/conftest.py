"""A clip of a second, and the program as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.server import make_server
from worker.contract.plans import Plan
from worker.queueing import celery_app
from worker.settings import Settings
from worker.storage.stores import Stores


@dataclass(frozen=True)
class Ran:
    """A program that has ended."""

    code: int
    out: bytes
    err: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines; fails where it is anything else."""
        assert self.out.endswith(b"\n"), self.err
        return [json.loads(line) for line in self.out.splitlines()]


Program = Callable[..., Ran]


@pytest.fixture(scope="session")
def brief(walking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the clip at 12 frames a second, with sound."""
    from worker.media.probing.ffmpeg_tools import find_tools

    clip = tmp_path_factory.mktemp("brief") / "brief.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-i", walking, "-t", "1", "-r", "12",
               "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", clip]  # fmt: skip
    subprocess.run(command, check=True)
    return clip


@pytest.fixture(scope="session")
def program() -> Program:
    """Runs `posequeue` with arguments, and variables by name; there are no models but by name."""

    def run(*arguments: str | Path, **variables: str) -> Ran:
        env = {k: v for k, v in os.environ.items() if not k.startswith("POSEQUEUE_")}
        done = subprocess.run(
            [sys.executable, "-m", "worker.cli", *map(str, arguments)],
            capture_output=True,
            env={**env, "POSEQUEUE_MODELS_DIR": "/nonexistent", **variables},
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    return run


@pytest.fixture
def api_server(
    settings: Settings, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The API, which the program reaches with a key of the tenant acme."""
    celery_app.app.conf.broker_url = settings.redis_url.get_secret_value()
    server = make_server(settings.model_copy(update={"api_port": 0}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    host, port = server.servers[0].sockets[0].getsockname()
    monkeypatch.setenv("POSEQUEUE_SERVER", f"http://{host}:{port}")
    monkeypatch.setenv("POSEQUEUE_KEY", stores.keys.create("acme", Plan.DEVELOPER))
    yield
    server.should_exit = True
    thread.join(10)
