"""Frames that are let go of leave the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

# frames among small things that stay, as messages do; prints the MB that are kept of 140
PROGRAM = """
import sys
import numpy as np
from pathlib import Path
from worker.system.memory import set_mmap_threshold

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

def frame():
    return np.ones(700_000, np.uint8)

if sys.argv[1] == "on" and not set_mmap_threshold():
    sys.exit(3)
frame()
before, frames, kept = resident(), [], []
for _ in range(200):
    frames.append(frame())
    kept.append(bytes(2000))
del frames
print(resident() - before)
"""


def kept_mb(how: str) -> float:
    """What a process keeps."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True)
    if ran.returncode == 3:
        pytest.skip("the C library has no mallopt")
    assert ran.returncode == 0, ran.stderr
    return float(ran.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_frames_leave_nothing_behind() -> None:
    assert kept_mb("on") < 14 < 70 < kept_mb("off")
