"""What a process keeps of the memory that it once needed, and how much it may have."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from pathlib import Path

_M_MMAP_THRESHOLD = -3
"""mallopt(3), malloc.h of glibc."""
LARGE = 256 * 1024
"""Bytes from which on a block goes back to the system once it is freed: frames are larger."""


def limit_mmap_threshold() -> bool:
    """Has the allocator map large blocks by themselves, for good; returns whether it does.

    glibc moves its threshold up to the largest block that was freed (32 MB at most), and what is
    below comes from the heap, which cannot shrink while anything small lives behind it: with frames
    among messages a worker grew by half within a clip of 12 minutes.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, LARGE))


def raise_oom_score(points: int) -> None:
    """Has the kernel end this process before others where memory runs out: `points` of 1000 are
    added to its share of the memory (proc_pid_oom_score_adj(5)); children inherit them."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(points))


def limit_memory(size: int) -> None:
    """Has the process, and each of its children, fail to get more than `size` bytes of its own."""
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = size if most == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
