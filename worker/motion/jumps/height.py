"""What height a measured jump has, how far that may be off, or why it has none.

Two definitions, by exercise:

- `air_time_jump`: the height of the flight, g t^2 / 8 of the time between take-off and landing by
  the feet, as jump mats and video apps have it;
- `jump_analysis`: how far the hips rose over the standing pose, which is the flight's height and
  what heels and straightening legs lifted them by until take-off. Read twice: from the hips' own
  path at the scale of the calibration, and from the flight; told is the mean by inverse variance.
  Where the two differ by more than their uncertainties allow, the stature that was given, the
  camera's pitch or the hips' keypoints are wrong, and the flight alone is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from worker.exercises.model import JumpExercise
from worker.motion.features.anthropometry import GRAVITY
from worker.motion.features.body_segments import Floats
from worker.motion.jumps.calibration import Calibration, Tilt
from worker.motion.jumps.edges import HEEL, HEEL_SPREAD, STRAIGHTENS
from worker.motion.jumps.estimate import Estimate, mean
from worker.motion.jumps.flight import parabola
from worker.motion.jumps.signals import Rows

SLIP = 0.02
"""Standard deviation of what the hips' keypoints slip by on the body between standing and flight,
as a share of stature."""

SCALE = 0.05
"""Standard deviation of the picture's scale, as a share: individuals' proportions (0.03, Winter
2009) and their distance."""

TOES = HEEL + STRAIGHTENS
"""Rise of the hips from standing to take-off, as a share of stature: heels (HEEL) and the
straightening of thigh and shank (2 STRAIGHTENS), less half of the deeper bend at the landing (some
2 cm, as much as STRAIGHTENS), which lengthens the flight."""


@dataclass(frozen=True)
class Flight:
    """Seconds of take-off and landing, and whether the body falls too slowly for the time to be
    real."""

    takeoff: Estimate
    landing: Estimate
    slow: bool = False

    @property
    def seconds(self) -> Estimate:
        """The time in the air."""
        return self.landing - self.takeoff

    @property
    def height(self) -> Estimate:
        """Metres that a body rises which is in the air for so long."""
        span = self.seconds
        return Estimate(GRAVITY * span.value**2 / 8, GRAVITY * span.value / 4 * span.sigma)


@dataclass(frozen=True)
class HipPath:
    """What the hips show of a jump: `baseline` (None where no standing pose was seen) and `top` of
    the hips in frame heights, y down, the `side` they were read from, and their `rise` over the
    standing pose in metres, if that was seen."""

    baseline: float | None
    top: float
    side: str
    rise: Estimate | None


@dataclass(frozen=True)
class Jump:
    """A jump that counts: its `flight` (None where the feet were hidden), its `height` in metres
    (None where it cannot be told), what its `hips` show, and a `reason` where it is not told as
    usual."""

    flight: Flight | None
    height: Estimate | None
    hips: HipPath
    reason: str | None = None

    @property
    def air(self) -> float | None:
        """Seconds in the air, None where they are not known."""
        return None if self.flight is None or self.flight.slow else self.flight.seconds.value


@dataclass(frozen=True)
class Subject:
    """What is known of who jumps: stature in metres, calibration if there is one, camera tilt."""

    metres: float
    calibration: Calibration | None
    tilt: Tilt


def judged(
    exercise: JumpExercise, flight: Flight | None, hips: HipPath, subject: Subject
) -> Jump | str:
    """The jump of a `flight` (None where the feet were hidden) and of what the hips show of it,
    with its height, or the reason why it is discarded."""
    jump = Jump(flight, None, hips)
    heel = Estimate(TOES * subject.metres, HEEL_SPREAD * subject.metres)
    rise, free = hips.rise, None
    if flight is not None and not flight.slow:
        free = flight.height
    elif flight is None and rise is not None:
        free = rise - heel
    if free is not None and free.value < exercise.least:
        return "too_low"
    if free is not None and free.value > exercise.most:
        return "implausible_height"
    if exercise.by == "air_time":
        if free is None and flight is None:
            return "feet_hidden"
        return replace(jump, height=free, reason=None if free else "slow_motion")
    if free is None or rise is None:
        if flight is None and rise is None:
            return "not_calibrated"
        reason = "not_calibrated" if free else None if rise else "slow_motion"
        return replace(jump, height=free + heel if free else rise, reason=reason)
    if flight is None:
        return replace(jump, height=rise)
    expected = free + heel
    if rise.differs(expected):
        return replace(jump, height=expected, reason="hips_disagree")
    return _at(replace(jump, height=mean(rise, expected)), subject)


def _at(jump: Jump, subject: Subject) -> Jump:
    """The jump with the `top` that its height has above its baseline."""
    hips = jump.hips
    if jump.height is None or hips.baseline is None or subject.calibration is None:
        return jump
    level = subject.tilt.level(hips.baseline)
    level -= 100 * jump.height.value / subject.calibration.scale
    return replace(jump, hips=replace(hips, top=subject.tilt.seen(level)))


def hip_path(near: Rows, begin: float, end: float, scores: Floats, subject: Subject) -> HipPath:
    """What the hips show of a flight from about `begin` to `end` seconds, in the frames `near` it;
    `scores` [17] are the joints' in the air."""
    calibration = subject.calibration
    known = (True, True) if calibration is None else np.isfinite(calibration.hips)
    sides = [side for side in (0, 1) if scores[11 + side] > 0.5 and known[side]] or [0, 1]
    hips = near.joints[:, [11 + side for side in sides], 1].mean(axis=1)
    path = parabola(near.seconds, hips, begin, end)
    inside = (near.seconds >= begin) & (near.seconds <= end)
    top = float(hips[inside].min()) if path is None else path.top
    side = "both" if len(sides) == 2 else ("left", "right")[sides[0]]
    if calibration is None or not np.isfinite([calibration.hips[side] for side in sides]).all():
        return HipPath(None, top, side, None)
    baseline = float(np.mean([calibration.hips[side] for side in sides]))
    up = subject.tilt.level(baseline) - subject.tilt.level(top)
    rise = up * calibration.scale / 100
    return HipPath(
        baseline, top, side, Estimate(rise, float(np.hypot(SLIP * subject.metres, SCALE * rise)))
    )
