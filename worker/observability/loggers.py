"""A logger for modules that commands load: structlog itself is loaded with the first event."""

from __future__ import annotations

import sys
from typing import Any


class LazyLogger:
    """structlog's logger. Where nothing configured structlog, events go to stderr: stdout is
    reserved for a command's results."""

    def __getattr__(self, name: str) -> Any:
        import structlog  # 0.1 s, most commands never log

        if not structlog.is_configured():
            structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
        return getattr(structlog.get_logger(), name)
