"""Separate threads for calls to the object store, so that a slow one blocks no other requests."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from worker.storage.errors import StoreUnavailable

AT_ONCE = 24
"""Number of threads; starlette's own 40 serve all other calls."""
QUEUED_S = 5.0
"""Seconds that a call waits for a free thread."""

P = ParamSpec("P")
T = TypeVar("T")
_threads = CapacityLimiter(AT_ONCE)
_admitted = CapacityLimiter(AT_ONCE)  # of calls that `_threads` let through: never full


async def run_with_objects(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `call` in one of the threads and returns its result.

    Raises StoreUnavailable where all threads stay busy for QUEUED_S, and what `call` raises.
    """
    token = object()
    with anyio.move_on_after(QUEUED_S) as waiting:
        await _threads.acquire_on_behalf_of(token)
    if waiting.cancelled_caught:
        raise StoreUnavailable("the object store is slow: too many calls wait for it")
    try:
        return await to_thread.run_sync(functools.partial(call, *args, **kwargs), limiter=_admitted)
    finally:
        _threads.release_on_behalf_of(token)


def with_objects(route: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Decorates a route that calls the object store, to run it in one of the threads."""

    @functools.wraps(route)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await run_with_objects(route, *args, **kwargs)

    return run
