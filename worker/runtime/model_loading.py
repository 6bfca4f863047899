"""Loads the pose models of a worker process, by its settings."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import structlog

from worker.contract.errors import JobError, ModelFault
from worker.media.decoding import nvdec
from worker.pose.engine import PoseEngine
from worker.pose.inference.providers import Runtime
from worker.pose.interfaces import Estimation
from worker.pose.weights.install import installed, present
from worker.settings import settings

log = structlog.get_logger()
FORMS = ((360, 640), (640, 360))
"""Height and width in pixels of usual frames for the warm-up: landscape and portrait, 16 to 9."""


@cache
def engine() -> PoseEngine:
    """Returns the engine of this process, loaded at the first call.

    Raises ModelFault where it cannot be loaded; the next call tries again.
    """
    given = settings()
    # the decoder reads the environment, the setting may come from `.env`
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
    except (JobError, OSError) as error:  # the worker's fault here, not a job's
        raise ModelFault(f"the worker's models: {error}") from error


def warn_of_outdated(folder: Path) -> None:
    """Logs the model files in `folder` that are of another release: they work, but not as told."""
    outdated = sorted(set(present(folder)) - set(installed(folder)))
    if outdated:
        log.warning("models_outdated", models=outdated, remedy="posequeue models install")


def warm() -> None:
    """Loads the models; on a GPU also runs each of them once in the usual frame shapes.

    So the first job does not wait for cuDNN's algorithm search. Covers the models of 17 joints and,
    if installed, of 33 landmarks. Raises ModelFault.
    """
    models = engine()
    if not models.environment.gpu:
        return
    began = time.monotonic()
    estimations: list[Estimation] = [models]
    with suppress(JobError):  # not installed: no job can use them
        estimations.append(models.landmarks())
    for height, width in FORMS:
        for one in estimations:
            one.estimate_image(np.full((height, width, 3), 128, np.uint8))
    provider = models.environment.execution_provider
    log.info("models_warm", provider=provider, seconds=round(time.monotonic() - began, 1))
