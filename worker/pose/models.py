"""Models of the registry as detectors and estimators: a decoding is all that code must know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import ErrorCode, JobError
from worker.pose.boxes import Boxes
from worker.pose.detector import Detections, PersonDetector
from worker.pose.estimator import CROP, PoseEstimator
from worker.pose.rtmo import OneStageEstimator
from worker.pose.session import Provider, Session, open_session
from worker.pose.simcc import SimccEstimator
from worker.pose.weights.registry import MODELS
from worker.pose.weights.spec import Decoding, ModelSpec
from worker.pose.yolox import YoloxDetector


class PeopleDetector(Protocol):
    """Finds everybody in a picture."""

    def detect(self, image: NDArray[np.uint8]) -> Detections: ...


class JointEstimator(Protocol):
    """Finds the 17 joints of the person in each box."""

    def estimate(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]: ...


DETECTORS: dict[Decoding, Callable[[Session, ModelSpec], PeopleDetector]] = {
    "nanodet": lambda session, _: PersonDetector(session),
    "yolox": YoloxDetector,
}
ESTIMATORS: dict[Decoding, Callable[[Session, ModelSpec, Executor | None], JointEstimator]] = {
    "simcc": SimccEstimator,
    "rtmo": OneStageEstimator,
}


def open_model(name: str, folder: Path, provider: Provider) -> Session:
    """The installed model; raises JobError where it is not there."""
    path = folder / MODELS[name].file
    if not path.is_file():
        raise JobError(
            ErrorCode.INTERNAL,
            f"This worker does not have the model {name}: "
            f"`posequeue models install {name}` puts it there.",
        )
    return open_session(path, provider)


def people_detector(name: str, session: Session) -> PeopleDetector:
    """A detector of the registry; raises JobError for a model that is none."""
    spec = MODELS[name]
    if spec.decoding not in DETECTORS:
        raise JobError(ErrorCode.INTERNAL, f"The model {name} finds no people.")
    return DETECTORS[spec.decoding](session, spec)


def joint_estimator(
    name: str,
    session: Session,
    pool: Executor | None,
    *,
    flip: bool = False,
    margin: float = CROP,
) -> JointEstimator:
    """An estimator of the registry, with `flip` one that looks from both sides; `margin` is of
    MoveNet's crops. Raises JobError for a model that is none or cannot."""
    spec = MODELS[name]
    if spec.decoding == "movenet":
        return PoseEstimator(session, pool, flip=flip, margin=margin)
    if flip:
        raise JobError(ErrorCode.INTERNAL, f"The model {name} does not look from both sides.")
    if spec.decoding not in ESTIMATORS:
        raise JobError(ErrorCode.INTERNAL, f"The model {name} finds no joints.")
    return ESTIMATORS[spec.decoding](session, spec, pool)
