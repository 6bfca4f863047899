"""Memory of a process: what the allocator returns to the system, and limits."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from pathlib import Path

_M_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of mallopt(3), from glibc's malloc.h."""
LARGE = 256 * 1024
"""Bytes of a block that is returned to the system when it is freed; frames are larger."""
HIGHEST = 32 << 20
"""The highest threshold that glibc takes (DEFAULT_MMAP_THRESHOLD_MAX), in bytes."""


def set_mmap_threshold(size: int = LARGE) -> bool:
    """Makes glibc map each block of `size` bytes or more by itself; returns whether it does.

    By default glibc raises this threshold to the largest block freed so far (HIGHEST at most).
    Smaller blocks come from the heap, which cannot shrink while a small object lives behind them:
    with frames among messages a worker grew by half within a clip of 12 minutes. A process that
    only passes frames through is faster with HIGHEST: pages of the heap are used again.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, size))


def raise_oom_score(points: int) -> None:
    """Makes the kernel end this process before others when memory runs out.

    `points` of 1000 are added to its share of the memory (proc_pid_oom_score_adj(5)); children
    inherit them. Does nothing where the system does not allow it.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(points))


def limit_memory(size: int) -> None:
    """Limits the data of this process, and of each of its children, to `size` bytes."""
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = size if most == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
