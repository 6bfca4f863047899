"""Deadlines of what a thread does over the network, and checks of whether it is still wanted."""

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
"""Seconds between two checks of whether a request is still wanted."""
# getaddrinfo cannot be told how long it may take, a TCP or TLS handshake not be looked up from
_waiting = ThreadPoolExecutor(64, thread_name_prefix="connect")
T = TypeVar("T")


class _Limit:
    """Until when a thread's requests have to end, and what raises where they are not wanted."""

    def __init__(self, end: float, check: Callable[[], None] | None) -> None:
        self.end = end
        self._check = check
        self._checked = time.monotonic()

    def left(self) -> float:
        """Seconds that are left, after a check where one is due; raises ReadTimeout."""
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
    """Within it, everything that this thread does over a pinned connection ends in `seconds`:
    resolving, connecting, the handshake and every byte, however a server drips them. `check` is
    called about every half second meanwhile; what it raises ends the request."""
    token = _limit.set(_Limit(time.monotonic() + seconds, check))
    try:
        yield
    finally:
        _limit.reset(token)


def remaining(timeout: float | None) -> float | None:
    """`timeout`, or what is left of the deadline where that is less."""
    limit = _limit.get()
    if limit is None:
        return timeout
    left = limit.left()
    return left if timeout is None else min(timeout, left)


def slices(timeout: float | None) -> Iterator[tuple[float | None, bool]]:
    """Waits that add up to `timeout` or the deadline, with checks between them, and whether each is
    the last; raises what a check raises."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = remaining(None if end is None else max(0.0, end - time.monotonic()))
        if left is None or left <= CHECK_S:
            yield left, True
        else:
            yield CHECK_S, False


def wait_in_thread(call: Callable[[float | None], T], timeout: float | None = None) -> T:
    """What `call(timeout)` gives, in a thread of its own, so that checks go on meanwhile; its
    outcome is dropped where one of them raises."""
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
