"""Reports work that was meant for a GPU and ran elsewhere: a log line, and a counter by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from worker.observability.loggers import LazyLogger
from worker.observability.metrics import GPU_FALLBACKS, record

DRIVER = Path("/dev/nvidiactl")
"""Device file that exists wherever the NVIDIA driver has a GPU."""
Stage = Literal["inference", "batch", "decode", "encode"]

log = LazyLogger()
MOST_TOLD = 50
"""Most reasons that a process logs: a reason may quote what ffmpeg said of a user's file."""
_told: set[tuple[str, str, str]] = set()


def record_fallback(stage: Stage, to: str, reason: str, **more: Any) -> None:
    """Counts that `stage` ran on `to` instead of the GPU; logs each reason once per process.

    Never raises.
    """
    record(GPU_FALLBACKS, 1, stage, to)
    said = (stage, to, reason)
    if said not in _told and len(_told) < MOST_TOLD:
        _told.add(said)
        log.warning("gpu_fallback", stage=stage, to=to, reason=reason, **more)
