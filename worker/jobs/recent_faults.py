"""How the last jobs of a worker ended, told by its processes to its main process.

A few bytes that are shared from before the fork. They are written without a lock: where two
processes end a job in the same instant one may be forgotten, which changes nothing that matters.
"""

from __future__ import annotations

import mmap
import os

from worker.contract.workers import FAULTS, Fault

LAST = 6
"""Jobs that are looked at."""
MOST = 4
"""Of these, so many that failed for reasons of the worker's own are too many."""
_WELL = len(FAULTS) + 1


class RecentFaults:
    """A ring of the last outcomes: 0 none yet, a fault by its place in FAULTS from 1 on, or well.

    `mine` are faults of this very process since it last did a job.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, LAST + 1)
        self._mine: set[tuple[int, Fault]] = set()

    def record(self, fault: Fault | None) -> None:
        """A job ended, or was let go for a fault of the worker's own."""
        place = self._shared[LAST] % LAST
        self._shared[place] = _WELL if fault is None else FAULTS.index(fault) + 1
        self._shared[LAST] = (place + 1) % LAST
        if fault is None:
            self._mine.clear()
        else:
            self._mine.add((os.getpid(), fault))

    def mine(self, fault: Fault) -> bool:
        """Whether this process had that fault since."""
        return (os.getpid(), fault) in self._mine

    def dominant_fault(self) -> Fault | None:
        """The fault that is most frequent among too many; None where all is well enough."""
        seen = [FAULTS[one - 1] for one in self._shared[:LAST] if 0 < one < _WELL]
        if len(seen) < MOST:
            return None
        return max(seen, key=seen.count)

    def reset(self) -> None:
        """All is well again."""
        self._shared[:] = bytes(LAST + 1)
