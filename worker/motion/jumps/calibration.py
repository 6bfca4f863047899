"""The picture's scale from a standing person whose height is known, and the camera's tilt.

A standing person's eyes and ears are 0.936, shoulders 0.818, hips 0.530 and ankles 0.039 of the
stature over the floor (`features.anthropometry`); the distance in the picture between two of
these levels, the farthest that are seen, tells how long a pixel is at the person's distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.motion.features.anthropometry import LEVELS
from worker.motion.features.body_segments import Floats
from worker.motion.features.order_statistics import median
from worker.motion.jumps.signals import Rows

STILL = 0.5
"""Seconds that a subject must stand still."""

SEEN = 0.3
"""Joint score from which a joint takes part."""

FOCAL = 0.8
"""Focal length by the picture's longer side: a phone's main lens (26 mm on 36 mm of film) less
what image stabilisation crops."""

SAME, CROUCH = 0.02, 0.03
"""Shares of stature: most movement of feet that stay, least loss of height that is a crouch."""

SWAY = 0.015
"""Most movement of the hips of a subject that stands still, as a share of stature."""

NEWS = 0.05
"""Change of the scale, as a share, from which a calibration is told again."""

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

    @property
    def hip(self) -> float | None:
        """Height of those hips that were seen, None where neither was."""
        seen = [level for level in self.hips if level == level]
        return sum(seen) / len(seen) if seen else None


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


class Calibrator:
    """Calibrates by each standing pose that lasts; `latest` is the calibration that holds.

    `metres` is the subject's stature.
    """

    def __init__(self, metres: float, tilt: Tilt) -> None:
        self._height_cm = 100 * metres
        self._tilt = tilt
        self._since: tuple[float, float] | None = None
        self.latest: Calibration | None = None

    def interrupt(self) -> None:
        """The subject does not stand any more."""
        self._since = None

    def step(self, seconds: float, hip: float, stature: float, rows: Rows) -> list[Calibration]:
        """Takes an upright frame with the height of the hips in it; what there is to tell.

        `rows` are the frames until now and `stature` the subject's in frame heights.
        """
        if self._since is None or abs(hip - self._since[1]) > SWAY * stature:
            self._since = (seconds, hip)
        begin, level = self._since
        if seconds - begin < STILL:
            return []
        self._since = (seconds, level)
        still = rows.between(begin, seconds)
        found = calibrated(still.joints, self._height_cm, self._tilt) if len(still) else None
        before = self.latest
        if found is None or (before is not None and crouched(found, before)):
            return []
        self.latest = found
        known = before is not None and abs(found.scale / before.scale - 1) < NEWS
        return [] if known else [found]
