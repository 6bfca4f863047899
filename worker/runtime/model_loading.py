"""The models of a worker's process, as its settings name them."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cache

import numpy as np
import structlog

from worker.contract.errors import JobError, ModelFault
from worker.media.decoding import nvdec
from worker.pose.engine import Estimation, PoseEngine
from worker.pose.inference.providers import Runtime
from worker.settings import settings

log = structlog.get_logger()
FORMS = ((360, 640), (640, 360))
"""Height and width of pictures as most videos give them: upright and lying, 16 to 9."""


@cache
def engine() -> PoseEngine:
    """Loaded at the first call; raises ModelFault where they cannot be, each time anew."""
    given = settings()
    # who decodes asks the environment; a setting may come out of `.env`
    os.environ.setdefault(nvdec.SETTING, given.nvdec)
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


def warm() -> None:
    """Loads the models, and on a GPU runs each once in the shapes of the usual jobs, of 17 joints
    and of 33 landmarks, so that the first job does not wait for cuDNN's searches.

    Raises ModelFault.
    """
    models = engine()
    if not models.environment.gpu:
        return
    began = time.monotonic()
    estimations: list[Estimation] = [models]
    with suppress(JobError):  # who has not installed them has no such jobs
        estimations.append(models.landmarks())
    for height, width in FORMS:
        for one in estimations:
            one.estimate_image(np.full((height, width, 3), 128, np.uint8))
    provider = models.environment.execution_provider
    log.info("models_warm", provider=provider, seconds=round(time.monotonic() - began, 1))
