"""Interfaces of person detectors, of joint estimators, and of both together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from worker.contract.poses import Environment, PoseChunk
from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes
from worker.pose.tracking.subject_tracker import Choice

Image = NDArray[np.uint8]
"""A picture, RGB [h, w, 3]."""


class PeopleDetector(Protocol):
    """Finds everybody in an image uint8 RGB [h, w, 3].

    If a detection is in the `expected` box [4], it may spend less effort on finding others.
    """

    def detect(self, image: NDArray[np.uint8], expected: Boxes | None = None, /) -> Detections: ...


class JointEstimator(Protocol):
    """Finds the 17 joints of the person in each box: float32 [n, 17, 3] of x, y (pixels) and
    score."""

    def estimate(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]: ...


class Estimation(Protocol):
    """Models that turn frames into poses of `keypoints` joints; `environment` names them."""

    @property
    def keypoints(self) -> int: ...

    @property
    def environment(self) -> Environment: ...

    def estimate(
        self,
        index: int,
        first: int,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> PoseChunk: ...

    def warm_up_state(
        self,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> dict[str, Any]: ...

    def estimate_image(self, image: Image, choice: Choice = "auto") -> PoseChunk: ...
