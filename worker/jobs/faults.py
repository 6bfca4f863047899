"""Faults of a worker, told from errors of media, tenants and services, and those of its last jobs.

The last outcomes are a few bytes of memory that the pool processes of a worker share with its main
process since the fork, written without a lock: where two processes end a job at the same instant
one outcome may be lost, which is harmless.
"""

from __future__ import annotations

import errno
import mmap
import os

from worker.contract.errors import ModelFault
from worker.contract.workers import FAULTS, Fault
from worker.storage.errors import StoreUnavailable

_DISK = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOENT, errno.ENOTDIR, errno.EACCES,
    errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENODEV, errno.ENXIO, errno.ESTALE,
})  # fmt: skip


LAST = 6
"""Number of outcomes that are kept."""
MOST = 4
"""Number of faults among the last outcomes from which `dominant_fault` returns one."""
_WELL = len(FAULTS) + 1


def classify_fault(error: BaseException) -> Fault | None:
    """Returns the worker's own fault: its models or GPU, its disk, its connection to S3.

    Returns None for other errors. Redis does not count: without it no worker takes jobs.
    """
    if isinstance(error, ModelFault):
        return "models"
    if isinstance(error, StoreUnavailable):
        return "s3"
    if isinstance(error, OSError) and error.errno in _DISK:
        return "disk"
    return None


class RecentFaults:
    """A ring buffer of the last outcomes of a worker's jobs, in shared memory.

    A byte is 0 (none yet), a fault's index in FAULTS plus 1, or _WELL for no fault.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, LAST + 1)
        self._mine: set[tuple[int, Fault]] = set()

    def record(self, fault: Fault | None) -> None:
        """Records the outcome of a job: a fault of this worker, or None."""
        place = self._shared[LAST] % LAST
        self._shared[place] = _WELL if fault is None else FAULTS.index(fault) + 1
        self._shared[LAST] = (place + 1) % LAST
        if fault is None:
            self._mine.clear()
        else:
            self._mine.add((os.getpid(), fault))

    def mine(self, fault: Fault) -> bool:
        """Returns whether this process has had that fault since its last job without one."""
        return (os.getpid(), fault) in self._mine

    def dominant_fault(self) -> Fault | None:
        """Returns the most frequent fault if there are MOST or more; else None."""
        seen = [FAULTS[one - 1] for one in self._shared[:LAST] if 0 < one < _WELL]
        if len(seen) < MOST:
            return None
        return max(seen, key=seen.count)

    def reset(self) -> None:
        """Forgets all outcomes."""
        self._shared[:] = bytes(LAST + 1)
