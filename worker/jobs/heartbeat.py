"""Extends a lease while its job runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog

from worker.storage.errors import Fenced

log = structlog.get_logger()


class Heartbeat:
    """Calls `extend` three times per TTL from a thread; a context manager.

    `lost` becomes True once `extend` has raised Fenced, or has failed for a whole TTL.
    """

    def __init__(self, extend: Callable[[], None], ttl_s: float, job_id: str) -> None:
        self._extend = extend
        self._ttl_s = ttl_s
        self._job_id = job_id
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._last = time.monotonic()
        self._fenced = False

    @property
    def lost(self) -> bool:
        """Whether the lease is lost to another worker or has expired."""
        return self._fenced or time.monotonic() - self._last > self._ttl_s

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._ttl_s / 3):
            try:
                self._extend()
                self._last = time.monotonic()
            except Fenced:
                self._fenced = True
                return
            except Exception as error:  # the next one may still be in time
                log.warning("heartbeat_missed", job=self._job_id, error=str(error))
