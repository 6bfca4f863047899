"""Ends a process whose job hangs, whatever it hangs in: its death is counted like any other.

The timer is the interpreter's own (faulthandler): it needs no lock of Python's, so native code that
never returns does not stop it, and it says where every thread stood.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from types import TracebackType
from typing import Self

_AGAIN_S = 1.0


class StallWatchdog:
    """A context manager that ends this process once `limit_s` seconds pass without `progress`.

    One a process at a time, as jobs are.
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
        """A sign that the job gets on; cheap."""
        if time.monotonic() - self._since >= _AGAIN_S:
            self._start()

    def _start(self) -> None:
        self._since = time.monotonic()
        # Celery replaces sys.stderr by something without a descriptor
        faulthandler.dump_traceback_later(self._limit_s, exit=True, file=sys.__stderr__ or 2)
