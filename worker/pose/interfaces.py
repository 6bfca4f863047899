"""Interfaces of person detectors and joint estimators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes


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
