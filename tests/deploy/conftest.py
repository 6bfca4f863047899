"""What the checks of deploy/, k8s/ and docker-compose.yml share. None of them needs a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from worker.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ("dev", "production-cpu", "production-gpu")

Run = Callable[..., subprocess.CompletedProcess[str]]


def load(path: Path) -> list[dict[str, Any]]:
    """The documents of a YAML file."""
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def not_settings(names: set[str]) -> set[str]:
    """Those of the `POSEQUEUE_*` names that no setting has; `…_FILE` gives a setting by a file."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return {name for name in names if name not in known and name.removesuffix("_FILE") not in known}


def variables(text: str) -> set[str]:
    """Every `POSEQUEUE_*` in a text."""
    return set(re.findall(rf"\b{PREFIX}[A-Z0-9_]+", text))


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Finds a program beside Python or on the PATH; skips where there is none."""

    def find(name: str) -> str:
        beside = Path(sys.executable).parent / name
        found = str(beside) if beside.exists() else shutil.which(name)
        if found is None:
            pytest.skip(f"needs {name}, which is not here")
        return found

    return find


@pytest.fixture(scope="session")
def run(tool: Callable[[str], str]) -> Run:
    """Runs a tool in the repository; returns what it said."""

    def call(name: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tool(name), *map(str, args)], cwd=ROOT, capture_output=True, text=True, timeout=60
        )

    return call


@pytest.fixture(scope="session", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, run: Run) -> list[dict[str, Any]]:
    """What `kubectl kustomize` makes of an overlay."""
    done = run("kubectl", "kustomize", f"k8s/overlays/{request.param}")
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]
