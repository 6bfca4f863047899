"""What a process keeps of the memory that it once needed."""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3
"""mallopt(3), malloc.h of glibc."""
LARGE = 256 * 1024
"""Bytes from which on a block goes back to the system once it is freed: frames are larger."""


def give_back_large_blocks() -> bool:
    """Has the allocator map large blocks by themselves, for good; returns whether it does.

    glibc moves its threshold up to the largest block that was freed (32 MB at most), and what is
    below comes from the heap, which cannot shrink while anything small lives behind it: with frames
    among messages a worker grew by half within a clip of 12 minutes.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, LARGE))
