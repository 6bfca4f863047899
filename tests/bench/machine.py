"""What a figure was measured with: machine, versions, date."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import onnxruntime

from worker.media.probing.ffmpeg_tools import find_tools


def processor() -> str:
    """The processor's name as the kernel tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def memory_gib() -> float:
    """Physical memory in GiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def facts() -> dict[str, str]:
    """Name and value of each fact, in the order of the table."""
    tools = find_tools()
    return {
        "processor": processor(),
        "cores": str(cores()),
        "memory": f"{memory_gib():.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "ffmpeg": f"{tools.ffmpeg_version} ({tools.source})",
        "ONNX Runtime": str(onnxruntime.__version__),
    }


def stamp() -> str:
    """When and how busy: the line under each section."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}, {processor()}, {cores()} cores, load {os.getloadavg()[0]:.1f} at the end"
