"""Everybody in single pictures, several looked at at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from worker.pose.detectors.nanodet import Detections
from worker.pose.interfaces import Image, PeopleDetector


class KeyframeDetector:
    """Detects in pictures uint8 RGB [h, w, 3]; `pool` looks at several at once."""

    def __init__(self, detector: PeopleDetector, pool: Executor | None = None) -> None:
        self._detector = detector
        self._pool = pool

    def people(self, image: Image) -> Detections:
        """Everybody in a picture."""
        return self._detector.detect(image)

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Everybody in each picture."""
        looks = self._pool.map if self._pool else map
        return list(looks(self._detector.detect, images))
