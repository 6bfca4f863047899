"""Everybody in the keyframes of a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import Detections
from worker.pose.interfaces import PeopleDetector
from worker.pose.tracking.box_interpolation import keyframes

Image = NDArray[np.uint8]


class KeyframeDetector:
    """Detects in single pictures and in keyframes; `pool` looks at several at once."""

    def __init__(self, detector: PeopleDetector, pool: Executor | None = None) -> None:
        self._detector = detector
        self._pool = pool

    def people(self, image: Image) -> Detections:
        """Everybody in `image` uint8 RGB [h, w, 3]."""
        return self._detector.detect(image)

    def detect(self, times_us: NDArray[np.int64], images: Sequence[Image]) -> dict[int, Detections]:
        """Everybody in each keyframe, by its row."""
        rows = keyframes(times_us)
        looks = self._pool.map if self._pool else map
        found = looks(self._detector.detect, [images[row] for row in rows])
        return dict(zip(rows, found, strict=True))
