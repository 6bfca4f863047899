"""Opens models of the registry, and makes detectors and estimators of them by their decoding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from worker.contract.errors import ErrorCode, JobError, ModelMissing
from worker.pose.detectors.nanodet import SIDE, WIDE_SIDE, PersonDetector
from worker.pose.detectors.yolox import YoloxDetector
from worker.pose.estimators.movenet import CROP, GPU_BATCH, PoseEstimator
from worker.pose.estimators.rtmo import OneStageEstimator
from worker.pose.estimators.simcc import SimccEstimator
from worker.pose.inference.providers import Provider, Runtime, Shapes
from worker.pose.inference.session import Session, open_session
from worker.pose.interfaces import JointEstimator, PeopleDetector
from worker.pose.weights.registry import MODELS
from worker.pose.weights.spec import Decoding, ModelSpec

DETECTORS: dict[Decoding, Callable[[Session, ModelSpec], PeopleDetector]] = {
    "nanodet": lambda session, _: PersonDetector(session),
    "yolox": YoloxDetector,
}
ESTIMATORS: dict[Decoding, Callable[[Session, ModelSpec], JointEstimator]] = {
    "simcc": SimccEstimator,
    "rtmo": OneStageEstimator,
}


def shapes_of(spec: ModelSpec) -> Shapes | None:
    """Input shapes of a model that was converted here.

    None for third-party networks, of which neither the input's name is known, nor whether their
    output shapes are constant.
    """
    if spec.decoding == "nanodet":
        step = spec.multiple_of or 1
        usual = (1, -(-SIDE * 9 // 16 // step) * step, SIDE, 3)
        return Shapes("image", (1, step, step, 3), usual, (1, WIDE_SIDE, WIDE_SIDE, 3))
    if spec.decoding in ("movenet", "blazepose"):
        inner = (*spec.input_size, 3)
        return Shapes("image", (1, *inner), (GPU_BATCH, *inner), (GPU_BATCH, *inner))
    return None


def open_model(name: str, folder: Path, wanted: Provider | Runtime) -> Session:
    """Opens an installed model; raises ModelMissing where it is not installed."""
    path = folder / MODELS[name].file
    if not path.is_file():
        raise ModelMissing(
            name,
            f"This worker does not have the model {name}: "
            f"`posequeue models install {name}` puts it there.",
        )
    spec = MODELS[name]
    return open_session(path, wanted, shapes=shapes_of(spec), entries=spec.entries)


def people_detector(name: str, session: Session) -> PeopleDetector:
    """The detector of the model `name`; raises JobError for a model that is not one."""
    spec = MODELS[name]
    if spec.decoding not in DETECTORS:
        raise JobError(ErrorCode.INTERNAL, f"The model {name} finds no people.")
    return DETECTORS[spec.decoding](session, spec)


def joint_estimator(
    name: str,
    session: Session,
    *,
    flip: bool = False,
    margin: float = CROP,
) -> JointEstimator:
    """The estimator of the model `name`.

    `flip` also estimates mirrored crops, `margin` is that of MoveNet's crops. Raises JobError for a
    model that is not an estimator, or does not support `flip`.
    """
    spec = MODELS[name]
    if spec.decoding == "movenet":
        return PoseEstimator(session, spec.input_size[0], flip=flip, margin=margin)
    if flip:
        raise JobError(ErrorCode.INTERNAL, f"The model {name} does not look from both sides.")
    if spec.decoding not in ESTIMATORS:
        raise JobError(ErrorCode.INTERNAL, f"The model {name} finds no joints.")
    return ESTIMATORS[spec.decoding](session, spec)
