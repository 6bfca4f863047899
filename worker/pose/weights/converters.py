"""From the files of a package to a model's ONNX bytes; imports converters only when called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Files = Mapping[str, bytes]


def to_nanodet(files: Files, model: str) -> bytes:
    """NanoDet-g with its person class alone, as ONNX bytes."""
    from worker.pose.conversion.nanodet import convert

    return convert(files, model)


def to_movenet(
    files: Files, model: str, numbers: Literal["float32", "float16", "int8"] = "float32"
) -> bytes:
    """MoveNet SinglePose as ONNX bytes; `int8` has calibrated ranges for Thunder only."""
    from worker.pose.conversion.backbone import Trunk
    from worker.pose.conversion.float16 import HalfTrunk
    from worker.pose.conversion.int8 import calibrated
    from worker.pose.conversion.movenet import convert

    # ONNX Runtime's depthwise kernel takes half the time for 64 channels that it does for 56
    eight = calibrated("movenet_thunder", block=64)
    return convert(files, model, {"float32": Trunk, "float16": HalfTrunk, "int8": eight}[numbers])


def to_blazepose(files: Files, model: str, *, detector: bool) -> bytes:
    """BlazePose's person detector, or one of its landmark networks, as ONNX bytes."""
    from worker.pose.conversion.blazepose import convert_detector, convert_landmarks

    return (convert_detector if detector else convert_landmarks)(files, model)


def as_it_is(files: Files) -> bytes:
    """The only file of the archive, an ONNX network that needs no conversion."""
    (network,) = files.values()
    return network
