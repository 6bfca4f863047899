"""The description of a model in the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from worker.pose.weights.packages import Package

# From the package's files by plain name to the bytes of an ONNX file; raises ConversionError.
Converter: TypeAlias = Callable[[Mapping[str, bytes]], bytes]
Kind: TypeAlias = Literal[
    "person_detector", "single_pose", "multi_pose", "body_detector", "body_landmarks"
]
Decoding: TypeAlias = Literal["nanodet", "movenet", "blazepose", "simcc", "rtmo", "yolox"]


@dataclass(frozen=True, slots=True)
class Pixels:
    """Input of a third-party network: channel order, and mean and deviation by channel (of
    0-255)."""

    order: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model: `file` is its name once installed, `members` the package's files it is made from.

    `input_size` is (height, width) in pixels; where `multiple_of` is set it is only the usual one,
    and any multiple works. `sha256` (hex) and `bytes` (None where unknown) pin the installed file.
    `decoding` says how its outputs are read; converted models take uint8 RGB [n, height, width, 3]
    and need no `pixels`. `ap` is COCO average precision in per cent, of keypoints or of a
    detector's boxes; `cost_ms` the time for one picture on one thread. `entries` are ONNX Runtime's
    session configuration entries that suit the graph.
    """

    name: str
    file: str
    package: Package
    members: tuple[str, ...]
    converter: Converter
    input_size: tuple[int, int]
    multiple_of: int | None
    kind: Kind
    licence: str
    origin: str
    sha256: str
    bytes: int | None
    decoding: Decoding = "movenet"
    pixels: Pixels | None = None
    ap: float | None = None
    cost_ms: float | None = None
    entries: tuple[tuple[str, str], ...] = ()
