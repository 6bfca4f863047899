"""Deadlines for the network calls of a thread, with regular checks for cancellation."""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout
from typing import Any, TypeVar

import httpcore

CHECK_S = 0.5
"""Seconds between two checks for cancellation."""
# getaddrinfo takes no timeout, and TCP and TLS handshakes cannot be interrupted by checks
_waiting = ThreadPoolExecutor(64, thread_name_prefix="connect")
T = TypeVar("T")


class _Limit:
    """The deadline (monotonic time) of a thread's requests, and a check that may raise to cancel
    them."""

    def __init__(self, end: float, check: Callable[[], None] | None) -> None:
        self.end = end
        self._check = check
        self._checked = time.monotonic()

    def left(self) -> float:
        """Returns the seconds left, after a check where one is due; raises ReadTimeout if none."""
        now = time.monotonic()
        if self._check is not None and now - self._checked >= CHECK_S:
            self._checked = now
            self._check()
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left


_limit: contextvars.ContextVar[_Limit | None] = contextvars.ContextVar("limit", default=None)


@contextlib.contextmanager
def deadline(seconds: float, check: Callable[[], None] | None = None) -> Iterator[None]:
    """Limits everything that this thread does over pinned connections to `seconds` in total.

    Covers resolving, connecting, the handshake and every byte, however slowly a server sends them.
    `check` is called about every half second; what it raises ends the request. Raises
    httpcore.TimeoutException subclasses when the time is up.
    """
    token = _limit.set(_Limit(time.monotonic() + seconds, check))
    try:
        yield
    finally:
        _limit.reset(token)


def remaining(timeout: float | None) -> float | None:
    """Returns the lesser of `timeout` and the time left until the deadline, in seconds."""
    limit = _limit.get()
    if limit is None:
        return timeout
    left = limit.left()
    return left if timeout is None else min(timeout, left)


def slices(timeout: float | None) -> Iterator[tuple[float | None, bool]]:
    """Splits a wait of `timeout` seconds, or until the deadline, into short ones between checks.

    Yields the seconds of each wait and whether it is the last; raises what a check raises.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = remaining(None if end is None else max(0.0, end - time.monotonic()))
        if left is None or left <= CHECK_S:
            yield left, True
        else:
            yield CHECK_S, False


def wait_in_thread(call: Callable[[float | None], T], timeout: float | None = None) -> T:
    """Runs `call(timeout)` in another thread while checks go on, and returns its result.

    Raises what `call` or a check raises, and httpcore.ConnectTimeout when the time is up; a later
    result is closed and discarded.
    """
    under_way = _waiting.submit(call, remaining(timeout))
    try:
        for seconds, last in slices(timeout):
            with contextlib.suppress(WaitTimeout):
                return under_way.result(seconds)
            if last:
                break
    finally:
        if not under_way.done():
            under_way.add_done_callback(_close_unused)
    raise httpcore.ConnectTimeout("the deadline has passed")


def _close_unused(under_way: Future[Any]) -> None:
    if not under_way.cancelled() and under_way.exception() is None:
        close = getattr(under_way.result(), "close", None)
        if close is not None:
            close()
