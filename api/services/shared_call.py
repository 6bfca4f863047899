"""Calls that anybody may ask for, without a key: one at a time, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

AGAIN_S = 1.0
"""Seconds for which a result is given to everybody who asks."""


class SharedCalls:
    """Runs calls by name; who asks while one runs, or soon after, gets its result."""

    def __init__(self) -> None:
        self._tasks: dict[str, tuple[asyncio.Task[Any], float]] = {}

    async def get(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Returns the result of the call `name`; raises what it raises."""
        loop = asyncio.get_running_loop()
        task, began = self._tasks.get(name, (None, 0.0))
        if task is None or (task.done() and loop.time() - began >= AGAIN_S):
            task = loop.create_task(_awaited(call))
            self._tasks[name] = task, loop.time()
        # who leaves must not cancel the call of the others
        return await asyncio.shield(task)


async def _awaited(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()
