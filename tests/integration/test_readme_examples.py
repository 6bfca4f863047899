"""The examples of README.md as they stand there, each sending a clip to a running system."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import Running, StartWorker
from worker.contract.plans import Plan

ROOT = Path(__file__).resolve().parents[2]
SERVER = "http://127.0.0.1:8080"
CLIP = "tests/clips/squat_5.mp4"


def example(language: str) -> str:
    """The README's only block in a language."""
    text = (ROOT / "README.md").read_text()
    [block] = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(block)


@pytest.fixture
def folder(running: Running, start_worker: StartWorker, tmp_path: Path) -> Path:
    """A folder in which a key and the clip lie where the README has them."""
    start_worker("pose.cpu")
    made = tmp_path / "project"
    (made / ".posequeue").mkdir(parents=True)
    key = running.stores.keys.create("acme", Plan.DEVELOPER)
    (made / ".posequeue" / "key").write_text(key)
    (made / CLIP).parent.mkdir(parents=True)
    (made / CLIP).symlink_to(ROOT / CLIP)
    return made


def run(command: list[str], folder: Path) -> list[str]:
    """The lines that a program prints, which must succeed."""
    environment = {**os.environ, "PYTHONPATH": ""}  # the client is installed by itself
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def here(program: str, running: Running) -> str:
    """The program with the address of the test's system."""
    assert program.count(SERVER) == 1
    return program.replace(SERVER, running.url)


@pytest.mark.slow
def test_curl_and_python_count_five_squats(running: Running, folder: Path) -> None:
    program = folder / "example.py"
    program.write_text(here(example("python"), running))
    lines = run([sys.executable, str(program)], folder)
    kinds = [line.split()[1] for line in lines[:-1]]
    assert kinds[0] == "initialization" and kinds[-2:] == ["exercise_summary", "done"]
    assert ast.literal_eval(lines[-1])["count"] == 5

    if not shutil.which("curl") or not shutil.which("jq"):
        pytest.skip("the example for curl needs curl and jq, which are not here")
    lines = run(["bash", "-euo", "pipefail", "-c", here(example("bash"), running)], folder)
    last = lines.index("{")
    assert {"event: counter", "event: exercise_summary", "event: done"} <= set(lines[:last])
    assert json.loads("".join(lines[last:]))["count"] == 5
