"""Ends a process whose job hangs, wherever it hangs; it is then handled as any lost worker.

The timer is that of faulthandler, which does not need the GIL: native code that never returns
cannot stop it, and it prints the traceback of every thread.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from types import TracebackType
from typing import Self

_AGAIN_S = 1.0


class StallWatchdog:
    """A context manager that ends this process after `limit_s` seconds without a `touch`.

    The timer is global: at most one per process at a time.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since = 0.0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        faulthandler.cancel_dump_traceback_later()

    def touch(self) -> None:
        """Restarts the timer, as the job makes progress; cheap, effective at most once a second."""
        if time.monotonic() - self._since >= _AGAIN_S:
            self._start()

    def _start(self) -> None:
        self._since = time.monotonic()
        # Celery replaces sys.stderr by something without a descriptor
        faulthandler.dump_traceback_later(self._limit_s, exit=True, file=sys.__stderr__ or 2)
