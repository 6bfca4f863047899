"""What was meant for a GPU and is done otherwise: logged, and counted by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import structlog

from worker.observability.metrics import GPU_FALLBACKS, record

DRIVER = Path("/dev/nvidiactl")
"""There wherever the NVIDIA driver has a GPU."""
Stage = Literal["inference", "batch", "decode", "encode"]

log = structlog.get_logger()
MOST_TOLD = 50
"""Reasons that a process logs; some of them quote what a file made ffmpeg say."""
_told: set[tuple[str, str, str]] = set()


def record_fallback(stage: Stage, to: str, reason: str, **more: Any) -> None:
    """A stage is done by `to` instead; counted each time, logged once a process and reason.

    Never raises.
    """
    record(GPU_FALLBACKS, 1, stage, to)
    said = (stage, to, reason)
    if said not in _told and len(_told) < MOST_TOLD:
        _told.add(said)
        log.warning("gpu_fallback", stage=stage, to=to, reason=reason, **more)
