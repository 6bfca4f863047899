"""The models of a worker's process, as its settings name them."""

from __future__ import annotations

from functools import cache

from worker.contract.errors import JobError, ModelFault
from worker.pose.engine import PoseEngine
from worker.pose.runtime import Runtime
from worker.settings import settings


@cache
def engine() -> PoseEngine:
    """Loaded at the first call; raises ModelFault where they cannot be, each time anew."""
    given = settings()
    try:
        return PoseEngine(
            given.models,
            Runtime(given.provider, given.gpu_precision, given.engines),
            given.threads,
            given.blazepose,
            given.pose_model,
            given.profile,
        )
    except (JobError, OSError) as error:  # a job may ask for what is not here; this nobody asked
        raise ModelFault(f"the worker's models: {error}") from error
