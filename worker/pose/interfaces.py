"""What a detector of people and an estimator of joints have to offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes


class PeopleDetector(Protocol):
    """Finds everybody in a picture; where somebody is in the `expected` box [4], it may look less
    hard for others."""

    def detect(self, image: NDArray[np.uint8], expected: Boxes | None = None, /) -> Detections: ...


class JointEstimator(Protocol):
    """Finds the 17 joints of the person in each box."""

    def estimate(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]: ...
