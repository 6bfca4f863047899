"""Calls that anybody may ask for, without a key: one at a time, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

AGAIN_S = 1.0
"""Seconds for which a result is given to everybody who asks, from the end of its call."""


class SharedCalls:
    """Runs calls by name; who asks while one runs, or soon after, gets its result."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._ended: dict[str, float] = {}

    async def get(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Returns the result of the call `name`; raises what it raises."""
        loop = asyncio.get_running_loop()
        task = self._tasks.get(name)
        if task is None or (task.done() and loop.time() - self._ended.get(name, 0.0) >= AGAIN_S):
            task = self._tasks[name] = loop.create_task(self._timed(name, call))
        # who leaves must not cancel the call of the others
        return await asyncio.shield(task)

    async def _timed(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await call()
        finally:
            self._ended[name] = asyncio.get_running_loop().time()
