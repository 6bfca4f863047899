"""One jump measured: its edges, its flight, its height, or the reason why it is none.

Air time: from take-off to landing (`worker.motion.flight`). A body that lands lower than it took
off, knees bent, stays in the air longer than the height it reached explains. If it lands `drop`
lower, take-off speed v and air time T hold v = gT/2 - drop/T; the drop is read from the body's
centre over its own floor at either edge. The air time that is told is 2v/g, the time the centre
spends above its take-off height, so that height is g t^2 / 8 of it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from worker.exercises.model import JumpExercise
from worker.motion.anthropometry import CENTRE, GRAVITY
from worker.motion.calibration import Calibration, Tilt
from worker.motion.features import Floats
from worker.motion.flight import HEEL_OFF, Edge, Parabola, landing, parabola, takeoff
from worker.motion.jump_rows import FEET, Rows

SHARE = 0.8
"""How much of the drop that was read is believed: it is read with an error about half as large as
it differs between jumps, and a late take-off feigns a drop."""

GAP = 0.17
"""Longest time in seconds without a pose within a flight that can be measured."""

FALL = (0.55, 1.7)
"""Curvature of a flight by that of a free fall at the picture's scale: children are small, and
flailing arms bend the path; what is not falling is far from it."""

ROUGH = 0.02
"""Most root mean square distance from the parabola, as a share of stature."""

NEARER = 1.08
"""Growth of the trunk in the picture, from the first to the last third of a flight, that is a jump
at the camera: half a metre of four."""

AGREE = 0.03
"""Most difference between the hips' rise and what the air time and the heels let expect, as a share
of stature, beside 12 % of it."""

ROUNDS = 3


@dataclass(frozen=True)
class Jump:
    """Seconds of take-off and landing, equivalent `air` seconds (None where the feet were hidden),
    metres that the hips rose over the standing pose (None where that was not seen), and the
    `height` told, in metres; `baseline` and `top` of the hips in frame heights, y down, and the
    `side` they were read from."""

    takeoff: float
    landing: float
    air: float | None
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


def measured(
    exercise: JumpExercise, rows: Rows, begin: float, end: float, subject: Subject
) -> Jump | str:
    """The jump that left the floor near `begin` and met it near `end` seconds, or the reason why
    it is discarded."""
    near = rows.between(begin - 0.5, end + 0.5)
    inside = near.between(begin, end)
    if len(inside) < 3 or float(np.diff(near.between(begin - 0.1, end + 0.1).seconds).max()) > GAP:
        return "tracking_lost"
    stature = float(np.median(inside.size))
    fall = GRAVITY * stature / subject.metres
    moved = _moved(near, begin, end)
    if moved is not None:
        return moved
    ankles = _ankles(near, inside)
    if ankles is None:
        return _judged(exercise, _by_hips(near, begin, end, subject), subject)
    centre = near.joints[..., 1] @ CENTRE
    edges = _edges(near.seconds, ankles, centre, (begin, end), fall, stature)
    if edges is None:
        return "tracking_lost"
    first, last = edges
    path = _free(near.seconds, centre, first.time, last.time, fall, stature)
    if path is None:
        return "no_flight_detected"
    air = _air(first, last, path, subject.metres, stature)
    jump = _by_hips(near, first.time, last.time, subject)
    return _judged(exercise, replace(jump, air=air), subject)


def _by_hips(near: Rows, begin: float, end: float, subject: Subject) -> Jump:
    """The jump as the hips show it: how far they rose over the standing pose, if that was seen."""
    span = end - begin
    scores = np.median(near.between(begin, end).joints[:, 11:13, 2], axis=0)
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
    return Jump(begin, end, None, rise, 0.0, baseline, top, side)


def _judged(exercise: JumpExercise, jump: Jump, subject: Subject) -> Jump | str:
    """The jump with its height, if that is plausible and its two measures agree."""
    heel = HEEL_OFF * subject.metres
    free = None if jump.air is None else GRAVITY * jump.air**2 / 8
    if free is None and jump.rise is None:
        return "not_calibrated" if exercise.by == "hips" else "feet_hidden"
    if free is None:
        # The heels' rise is no part of the flight.
        free = max(float(jump.rise or 0.0) - heel, 0.0)
    elif exercise.by == "hips" and not _agree(jump.rise, heel + free, subject.metres):
        return "inconsistent_height"
    if free < exercise.least:
        return "too_low"
    if free > exercise.most:
        return "implausible_height"
    if exercise.by == "air_time":
        air = float(np.sqrt(8 * free / GRAVITY))
        return replace(jump, air=air, height=free)
    return "not_calibrated" if jump.rise is None else replace(jump, height=jump.rise)


def _agree(rise: float | None, expected: float, stature: float) -> bool:
    """Whether the hips' rise is what the air time lets expect, all in metres."""
    return rise is None or abs(rise - expected) <= AGREE * stature + 0.12 * expected


def _ankles(near: Rows, inside: Rows) -> Floats | None:
    """Height [n] of the ankles, weighted by how well each is seen in flight."""
    scores = np.median(inside.joints[:, 15:17, 2], axis=0)
    weights = np.where(scores >= FEET, scores * scores, 0.0)
    total = float(weights.sum())
    if total <= 0:
        return None
    height: Floats = near.joints[:, 15:17, 1] @ (weights / total)
    return height


def _edges(
    seconds: Floats, ankles: Floats, centre: Floats, coarse: tuple[float, float], fall: float,
    stature: float,
) -> tuple[Edge, Edge] | None:  # fmt: skip
    """Take-off and landing; each tells the other's speed, so a few rounds."""
    begin, end = coarse
    edges = None
    for _ in range(ROUNDS):
        span = end - begin
        path = parabola(seconds, centre, begin + 0.08 * span, end - 0.08 * span)
        bent = fall if path is None else float(np.clip(path.fall, 0.75 * fall, 1.33 * fall))
        drop = float(np.sqrt(fall * bent))
        speed = drop * span / 2
        first = takeoff(seconds, ankles, begin, speed, drop, stature)
        last = landing(seconds, ankles, end, speed, drop, stature)
        if first is None or last is None or last.time - first.time < 0.1:
            return None
        begin, end, edges = first.time, last.time, (first, last)
    return edges


def _free(
    seconds: Floats, centre: Floats, begin: float, end: float, fall: float, stature: float
) -> Parabola | None:
    """The flight's parabola, if it is a free fall with its top in the middle."""
    span = end - begin
    path = parabola(seconds, centre, begin, end)
    if path is None or not FALL[0] <= path.fall / fall <= FALL[1]:
        return None
    if path.error > ROUGH * stature or not 0.25 <= (path.apex - begin) / span <= 0.75:
        return None
    return path


def _moved(near: Rows, begin: float, end: float) -> str | None:
    """Whether the subject came much nearer or went away in flight, by the trunk's size."""
    third = (end - begin) / 3
    sizes = []
    for start in (begin, end - third):
        points = near.between(start, start + third).joints[..., :2]
        if not len(points):
            return None
        trunk = points[:, 5:7].mean(axis=1) - points[:, 11:13].mean(axis=1)
        sizes.append(float(np.median(np.hypot(trunk[:, 0], trunk[:, 1]))))
    if sizes[1] > NEARER * sizes[0]:
        return "moved_toward_phone"
    return "moved_away_from_phone" if sizes[0] > NEARER * sizes[1] else None


def _air(first: Edge, last: Edge, path: Parabola, metres: float, stature: float) -> float:
    """Seconds that the body's centre was above its take-off height."""
    span = last.time - first.time
    higher = first.floor - path.at(first.time)
    lower = last.floor - path.at(last.time)
    drop = SHARE * metres * (higher - lower) / stature
    return max(span - 2 * drop / (GRAVITY * span), 0.0)
