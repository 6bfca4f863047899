"""What height a measured jump has: by its air time, by the rise of the hips, or none, and why.

Two measures of how far the hips rise over the standing pose are independent: the hips' own path at
the scale of the calibration, and the air time's height on top of what the heels rose by at
take-off. Keypoints slip on the body in a jump, those of the hips by 3 cm and more, so the rise
that is told is the mean of both, weighted by their inverse variances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from worker.exercises.model import JumpExercise
from worker.motion.anthropometry import GRAVITY
from worker.motion.jumps.calibration import Calibration, Tilt
from worker.motion.jumps.flight import HEEL_OFF, parabola
from worker.motion.jumps.signals import Rows
from worker.motion.median import median

SLIP_HIPS, SLIP_FEET = 0.015, 0.02
"""Standard deviation of what the keypoints of hips and ankles slip by on the body between standing
and flight, as shares of stature."""

SCALE = 0.03
"""Standard deviation of the picture's scale, as a share: individuals' proportions (Winter 2009)."""

AGREE = 0.03
"""Most difference between the hips' rise and what the air time and the heels let expect, as a share
of stature, beside 12 % of it."""


@dataclass(frozen=True)
class Jump:
    """Seconds of take-off and landing, equivalent `air` seconds (None where the feet were hidden)
    and metres that the `heel` rose before take-off, metres that the hips rose over the standing
    pose as they were seen (None where that was not), and the `height` told, in metres; `baseline`
    and `top` of the hips in frame heights, y down, and the `side` they were read from."""

    takeoff: float
    landing: float
    air: float | None
    heel: float
    rise: float | None
    height: float
    baseline: float | None
    top: float
    side: str


@dataclass(frozen=True)
class Subject:
    """What is known of who jumps: stature in metres, calibration if there is one, camera tilt."""

    metres: float
    calibration: Calibration | None
    tilt: Tilt


def by_hips(near: Rows, begin: float, end: float, subject: Subject) -> Jump:
    """The jump as the hips show it: how far they rose over the standing pose, if that was seen."""
    span = end - begin
    scores = median(near.between(begin, end).joints[:, 11:13, 2])
    calibration = subject.calibration
    known = (True, True) if calibration is None else np.isfinite(calibration.hips)
    sides = [side for side in (0, 1) if scores[side] > 0.5 and known[side]] or [0, 1]
    hips = near.joints[:, [11 + side for side in sides], 1].mean(axis=1)
    path = parabola(near.seconds, hips, begin + 0.1 * span, end - 0.1 * span)
    inside = (near.seconds >= begin) & (near.seconds <= end)
    top = float(hips[inside].min()) if path is None else path.top
    baseline = rise = None
    if calibration is not None:
        level = float(np.mean([calibration.hips[side] for side in sides]))
        if np.isfinite(level):
            baseline = level
            up = subject.tilt.level(level) - subject.tilt.level(top)
            rise = up * calibration.scale / 100
    side = "both" if len(sides) == 2 else ("left", "right")[sides[0]]
    return Jump(begin, end, None, HEEL_OFF * subject.metres, rise, 0.0, baseline, top, side)


def judged(exercise: JumpExercise, jump: Jump, subject: Subject) -> Jump | str:
    """The jump with its height, if that is plausible and its two measures agree."""
    free = None if jump.air is None else GRAVITY * jump.air**2 / 8
    if free is None and jump.rise is None:
        return "not_calibrated" if exercise.by == "hips" else "feet_hidden"
    if free is None:
        # The heels' rise is no part of the flight.
        free = max(float(jump.rise or 0.0) - jump.heel, 0.0)
    elif exercise.by == "hips" and not _agree(jump.rise, jump.heel + free, subject.metres):
        return "inconsistent_height"
    if free < exercise.least:
        return "too_low"
    if free > exercise.most:
        return "implausible_height"
    if exercise.by == "air_time":
        return replace(jump, air=float(np.sqrt(8 * free / GRAVITY)), height=free)
    return _risen(jump, free, subject)


def _risen(jump: Jump, free: float, subject: Subject) -> Jump | str:
    """The jump with the rise of the hips for its height, and `top` to match."""
    if jump.rise is None or jump.baseline is None or subject.calibration is None:
        return "not_calibrated"
    height = jump.rise
    if jump.air is not None:
        seen = 1 / ((SLIP_HIPS * subject.metres) ** 2 + (SCALE * height) ** 2)
        timed = 1 / (SLIP_FEET * subject.metres) ** 2
        height = (seen * height + timed * (jump.heel + free)) / (seen + timed)
    level = subject.tilt.level(jump.baseline) - 100 * height / subject.calibration.scale
    return replace(jump, height=height, top=subject.tilt.seen(level))


def _agree(rise: float | None, expected: float, stature: float) -> bool:
    """Whether the hips' rise is what the air time lets expect, all in metres."""
    return rise is None or abs(rise - expected) <= AGREE * stature + 0.12 * expected
