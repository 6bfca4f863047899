"""The subject's box at the keyframes of a chunk: people are detected, one of them followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes
from worker.pose.interfaces import PeopleDetector
from worker.pose.tracking.box_interpolation import keyframes
from worker.pose.tracking.subject_tracker import SubjectTracker

Image = NDArray[np.uint8]
Follow = Callable[[Image, Boxes | None], Boxes | None]
"""Where the subject is in a keyframe, given where it was detected, None where it was not; asked
about one keyframe after the other."""


@dataclass(frozen=True)
class KeyframeDetections:
    """Everybody in the keyframes of a chunk: their rows, and who was detected in each."""

    rows: list[int]
    people: list[Detections]


class SubjectFinder:
    """Detects on keyframes; `pool` looks at several at once."""

    def __init__(self, detector: PeopleDetector, pool: Executor | None = None) -> None:
        self._detector = detector
        self._pool = pool

    def people(self, image: Image) -> Detections:
        """Everybody in `image` uint8 RGB [h, w, 3]."""
        return self._detector.detect(image)

    def detect(self, times_us: NDArray[np.int64], images: Sequence[Image]) -> KeyframeDetections:
        """Detects in the keyframes."""
        rows = keyframes(times_us)
        looks = self._pool.map if self._pool else map
        return KeyframeDetections(
            rows, list(looks(self._detector.detect, [images[row] for row in rows]))
        )

    @staticmethod
    def find(
        tracker: SubjectTracker,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        seen: KeyframeDetections,
        follow: Follow,
    ) -> list[Boxes | None]:
        """The subject's box [4] in each keyframe, None where `follow` knows none.

        The tracker hears where the subject was followed to without being detected.
        """
        rows, boxes = seen.rows, list[Boxes | None]()
        for people, row in zip(seen.people, rows, strict=True):
            detected = tracker.update(people, float(times_us[row]) / 1e6)
            box = follow(images[row], detected)
            if detected is None and box is not None and row == rows[-1]:
                tracker.follow(box, float(times_us[row]) / 1e6)
            boxes.append(box)
        return boxes
