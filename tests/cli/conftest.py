"""A clip of a second, and the program as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


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
    from worker.media.tools import find_tools

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
