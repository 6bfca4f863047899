"""One jump measured: its edges, its flight, its height, or the reason why it is none.

Air time: from take-off to landing (`worker.motion.jumps.flight`). A body that lands lower than it took
off, knees bent, stays in the air longer than the height it reached explains. If it lands `drop`
lower, take-off speed v and air time T hold v = gT/2 - drop/T; the drop is read from the body's
centre over its own floor at either edge. The air time that is told is 2v/g, the time the centre
spends above its take-off height, so that height is g t^2 / 8 of it exactly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worker.exercises.model import JumpExercise
from worker.motion.anthropometry import CENTRE, GRAVITY
from worker.motion.features import Floats
from worker.motion.jumps.feet import ankle_heights
from worker.motion.jumps.flight import Edge, Parabola, landing, parabola, takeoff
from worker.motion.jumps.height import Jump, Subject, by_hips, judged
from worker.motion.jumps.signals import FEET, Rows
from worker.motion.median import median

DROP = 0.025
"""How much lower the body's centre lands than it took off, as a share of stature: 3 cm with the
hands on the hips (flight times tell 1.7 cm too much: Baumgart et al. 2017), 5 cm with swinging
arms (Yamashita et al. 2020, Appl. Sci. 10, 776)."""

SHARE = 0.8
"""How much of the drop that was read is believed, the rest being the usual one: it is read with an
error about half as large as it differs between jumps, and a late take-off feigns a drop."""

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

ROUNDS = 3


def measured(
    exercise: JumpExercise, rows: Rows, begin: float, end: float, subject: Subject
) -> Jump | str:
    """The jump that left the floor near `begin` and met it near `end` seconds, or the reason why
    it is discarded."""
    near = rows.between(begin - 0.5, end + 0.5)
    inside = near.between(begin, end)
    if len(inside) < 3 or float(np.diff(near.between(begin - 0.1, end + 0.1).seconds).max()) > GAP:
        return "tracking_lost"
    stature = float(median(inside.size))
    fall = GRAVITY * stature / subject.metres
    moved = _moved(near, begin, end)
    if moved is not None:
        return moved
    ankles = _ankles(rows, near, inside, stature)
    if ankles is None:
        return judged(exercise, by_hips(near, begin, end, subject), subject)
    centre = near.joints[..., 1] @ CENTRE
    edges = _edges(near.seconds, ankles, centre, (begin, end), fall, stature)
    if edges is None:
        return "tracking_lost"
    first, last = edges
    path = _free(near.seconds, centre, first.time, last.time, fall, stature)
    if path is None:
        return "no_flight_detected"
    jump = replace(
        by_hips(near, first.time, last.time, subject),
        air=_air(first, last, path, subject.metres, stature),
        heel=first.rise * subject.metres / stature,
    )
    return judged(exercise, jump, subject)


def _ankles(rows: Rows, near: Rows, inside: Rows, stature: float) -> Floats | None:
    """Height [n] of the ankles, weighted by how well each is seen in flight."""
    scores = median(inside.joints[:, 15:17, 2])
    weights = np.where(scores >= FEET, scores * scores, 0.0)
    total = float(weights.sum())
    if total <= 0:
        return None
    begin, end = float(inside.seconds[0]), float(inside.seconds[-1])
    height: Floats = ankle_heights(rows, near, begin, end, stature) @ (weights / total)
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
        sizes.append(float(median(np.hypot(trunk[:, 0], trunk[:, 1]))))
    if sizes[1] > NEARER * sizes[0]:
        return "moved_toward_phone"
    return "moved_away_from_phone" if sizes[0] > NEARER * sizes[1] else None


def _air(first: Edge, last: Edge, path: Parabola, metres: float, stature: float) -> float:
    """Seconds that the body's centre was above its take-off height."""
    span = last.time - first.time
    higher = first.floor - path.at(first.time)
    lower = last.floor - path.at(last.time)
    drop = metres * (SHARE * (higher - lower) / stature + (1 - SHARE) * DROP)
    return max(span - 2 * drop / (GRAVITY * span), 0.0)
