"""Ends the process of a test that nothing else ends.

pytest-timeout raises in the test, once. Where the code under way then waits again (a pool for its
threads, a clean-up for its child), a run would stand still without a word: here it says where, and
goes on in a new process.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

LIMIT_S = 400.0
"""More than `timeout` in pyproject.toml, which is to be heard first."""


def _give_up(item: pytest.Item) -> None:
    capture = item.config.pluginmanager.getplugin("capturemanager")
    if capture:
        capture.suspend_global_capture(in_=True)
    sys.__stderr__.write(f"\n{item.nodeid} stands still:\n")  # type: ignore[union-attr]
    faulthandler.dump_traceback(file=sys.__stderr__)
    os._exit(1)


@contextmanager
def watched(item: pytest.Item, limit_s: float = LIMIT_S) -> Iterator[None]:
    """Ends the process if the block lasts longer, with every thread's stack on stderr."""
    timer = threading.Timer(limit_s, _give_up, [item])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
