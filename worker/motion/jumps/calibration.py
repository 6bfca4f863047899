"""The picture's scale from a standing person whose height is known, and the camera's tilt.

A standing person's eyes and ears are 0.936, shoulders 0.818, hips 0.530 and ankles 0.039 of the
stature over the floor (`features.anthropometry`); the distance in the picture between two of
these levels, the farthest that are seen, tells how long a pixel is at the person's distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.motion.features.anthropometry import LEVELS
from worker.motion.features.features import Floats
from worker.motion.features.median import median

STILL = 0.5
"""Seconds that a subject must stand still."""

SEEN = 0.3
"""Joint score from which a joint takes part."""

FOCAL = 0.8
"""Focal length by the picture's longer side: a phone's main lens (26 mm on 36 mm of film) less
what image stabilisation crops."""

SAME, CROUCH = 0.02, 0.03
"""Shares of stature: most movement of feet that stay, least loss of height that is a crouch."""

_JOINTS: dict[str, tuple[int, ...]] = {
    "eye": (1, 2, 3, 4), "shoulder": (5, 6), "hip": (11, 12), "ankle": (15, 16),
}  # fmt: skip
_SPANS = (("eye", "ankle"), ("shoulder", "ankle"), ("eye", "hip"))


class Tilt:
    """Heights in the picture made level for a camera that is pitched.

    `pitch` degrees, positive where the camera looks up, within 45 (beyond it nothing is
    corrected); `aspect` is width by height. A point seen under an angle above the horizon is as
    high over the camera as the tangent of that angle, at any one distance.
    """

    def __init__(self, pitch: float, aspect: float) -> None:
        self._pitch = float(np.radians(pitch)) if abs(pitch) <= 45 else 0.0
        self._focal = FOCAL * max(aspect, 1.0)

    def level(self, y: float) -> float:
        """The height in the picture, in frame heights and y down, if the camera were level."""
        if self._pitch == 0.0:
            return y
        angle = float(np.arctan((y - 0.5) / self._focal)) - self._pitch
        return 0.5 + self._focal * float(np.tan(np.clip(angle, -1.4, 1.4)))

    def seen(self, level: float) -> float:
        """Where a height of the levelled picture is in the real one."""
        if self._pitch == 0.0:
            return level
        angle = float(np.arctan((level - 0.5) / self._focal)) + self._pitch
        return 0.5 + self._focal * float(np.tan(np.clip(angle, -1.4, 1.4)))


@dataclass(frozen=True)
class Calibration:
    """`scale` in cm per frame height (levelled); `hips` the heights of the left and right hip in
    the picture, nan where not seen; `floor` the ankles' or nan; `stature` in frame heights."""

    scale: float
    hips: tuple[float, float]
    floor: float
    stature: float


def calibrated(joints: Floats, height_cm: float, tilt: Tilt) -> Calibration | None:
    """The calibration from the standing frames `joints` [n, 17, 3], in frame heights.

    None where too little of the body is seen.
    """
    heights = median(joints[..., 1])
    scores = median(joints[..., 2])
    levels = {name: _level(heights, scores, columns) for name, columns in _JOINTS.items()}
    for upper, lower in _SPANS:
        span = tilt.level(levels[lower]) - tilt.level(levels[upper])
        if np.isfinite(span) and span > 0.02:
            stature = span / (LEVELS[upper] - LEVELS[lower])
            left, right = (
                float(heights[hip]) if scores[hip] > 0.5 else float("nan") for hip in (11, 12)
            )
            return Calibration(height_cm / stature, (left, right), levels["ankle"], stature)
    return None


def crouched(found: Calibration, before: Calibration) -> bool:
    """Whether a calibration shows the subject of one `before` on bent knees: less tall, the feet
    where they were. Knees that bend to the camera look straight."""
    same_place = abs(found.floor - before.floor) <= SAME * before.stature
    return same_place and found.stature < (1 - CROUCH) * before.stature


def _level(heights: Floats, scores: Floats, columns: tuple[int, ...]) -> float:
    """Mean height of those joints that are seen; nan where none is."""
    seen = [column for column in columns if scores[column] >= SEEN]
    return float(np.mean([heights[column] for column in seen])) if seen else float("nan")
