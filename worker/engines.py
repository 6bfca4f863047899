"""The models of a worker's process, as its settings name them."""

from __future__ import annotations

from functools import cache

from worker.pose.engine import PoseEngine
from worker.settings import settings


@cache
def engine() -> PoseEngine:
    """Loaded at the first call; raises what opening them raises, each time anew."""
    given = settings()
    return PoseEngine(
        given.models,
        given.provider,
        given.threads,
        given.blazepose,
        given.pose_model,
        given.profile,
    )
