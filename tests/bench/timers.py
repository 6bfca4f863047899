"""CPU time by part of the program: wraps functions and sums what each uses by itself."""

from __future__ import annotations

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any


class Timers:
    """Sums of thread CPU seconds by name; a call within a call counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._local = threading.local()
        self._lock = threading.Lock()

    def wrap(self, owner: Any, attribute: str, name: str | Callable[..., str]) -> None:
        """Replaces a function of a module or class; `name` may be made from its arguments."""
        inner = getattr(owner, attribute)

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            stack: list[float] = self._local.__dict__.setdefault("stack", [])
            stack.append(0.0)
            began = time.thread_time()
            try:
                return inner(*args, **kwargs)
            finally:
                used = time.thread_time() - began
                within = stack.pop()
                if stack:
                    stack[-1] += used
                self._add(name if isinstance(name, str) else name(*args, **kwargs), used - within)

        setattr(owner, attribute, timed)

    def _add(self, name: str, seconds: float) -> None:
        with self._lock:
            self.seconds[name] += seconds
            self.calls[name] += 1
