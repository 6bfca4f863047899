"""What makes a model's file of its package; imported when one is installed, never by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Files = Mapping[str, bytes]


def to_nanodet(files: Files, model: str) -> bytes:
    """NanoDet-g, its person class alone."""
    from worker.pose.conversion.nanodet import convert

    return convert(files, model)


def to_movenet(
    files: Files, model: str, numbers: Literal["float32", "float16", "int8"] = "float32"
) -> bytes:
    """MoveNet SinglePose; `int8` is calibrated for Thunder."""
    from worker.pose.conversion.backbone import Trunk
    from worker.pose.conversion.float16 import HalfTrunk
    from worker.pose.conversion.int8 import calibrated
    from worker.pose.conversion.movenet import convert

    # ONNX Runtime's depthwise kernel takes half the time for 64 channels that it does for 56
    eight = calibrated("movenet_thunder", block=64)
    return convert(files, model, {"float32": Trunk, "float16": HalfTrunk, "int8": eight}[numbers])


def to_blazepose(files: Files, model: str, *, detector: bool) -> bytes:
    """BlazePose's person detector, or one of its landmark networks."""
    from worker.pose.conversion.blazepose import convert_detector, convert_landmarks

    return (convert_detector if detector else convert_landmarks)(files, model)


def as_it_is(files: Files) -> bytes:
    """The archive's network, which needs no conversion."""
    (network,) = files.values()
    return network
