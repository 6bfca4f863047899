"""The client installed alone: it needs httpx and standardwebhooks, nothing of the servers."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

CLIENT = Path(__file__).resolve().parents[2] / "api" / "client"


def test_it_asks_for_little() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
    names = [requirement.split(">")[0] for requirement in project["dependencies"]]
    assert names == ["httpx", "standardwebhooks"]


def test_it_imports_nothing_of_the_servers() -> None:
    program = "import sys, posequeue_client; print([m for m in sys.argv[1:] if m in sys.modules])"
    servers = ["worker", "api", "boto3", "celery", "redis", "fastapi", "pydantic", "msgspec"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, *servers], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
