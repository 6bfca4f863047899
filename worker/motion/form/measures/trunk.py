"""Measures of the trunk: lean, swing, leaning back, and how it rises against the hips.

Angles are degrees from the vertical. From the front a lean shows as a trunk that grows short; so
where any view is allowed the angle is that whose cosine is the trunk's height in the picture by
its own greatest length in the rep, which a turn about the vertical does not change. In profile
that reads ~12 degrees more than the line between the joints, as the shoulder joint moves ahead
under the arms' load; thresholds are for this measure.
"""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.features.order_statistics import median, quantile
from worker.motion.form.rep_frames import HIGH, RepFrames, Rows

LOOKS_DOWN = 6.0
"""Degrees under the horizon at which a camera at 1 m sees a trunk that is 3 m away and, in a squat,
0.7 m high: that much is added to a lean to the camera."""

LEAST_RISE = 0.15
"""Rise by leg length from which a course of the shoulders or of the hips can be told."""


def _rise(rep: RepFrames) -> Floats:
    """Height [n] of the shoulders over the hips in the picture."""
    rise: Floats = rep.point("hip")[1] - rep.point("shoulder")[1]
    return rise


def _tilt(rep: RepFrames, upper: str = "shoulder") -> Floats:
    """Angle [n] of the line from hips to `upper` to the vertical along the picture, positive to the
    right.

    Of the lines along both sides of the trunk, each with one weight throughout: from the front they
    lie a trunk's width apart, and raised arms hide now one shoulder and now the other.
    """
    (sx, sy), (hx, hy) = rep.body.pair(upper), rep.body.pair("hip")
    seen = median(rep.body.seen((upper, "hip")))
    weight = seen * seen + 1e-9
    tilt: Floats = np.degrees(np.arctan2(sx - hx, hy - sy)) @ (weight / weight.sum())
    return tilt


def _seen(rep: RepFrames) -> Floats:
    return rep.seen("shoulder", "hip")


def lean(rep: RepFrames) -> float | None:
    """Greatest lean near the turning point, degrees, any view, less LOOKS_DOWN from the front."""
    cosine = np.clip(_rise(rep) / rep.trunk, -1.0, 1.0)
    angles = np.degrees(np.arccos(cosine)) - LOOKS_DOWN * rep.facing
    return rep.part(angles, _seen(rep), rep.deep, HIGH)


def tilt(rep: RepFrames) -> float | None:
    """Greatest tilt along the picture over the rep, degrees, to either side."""
    return rep.part(np.abs(_tilt(rep)), _seen(rep), rep.all, HIGH)


def swing(rep: RepFrames) -> float | None:
    """Range of the tilt along the picture over the rep, degrees: the trunk that helps lift. The
    lesser of what shoulders and ears show: arms that go up take the shoulders along, and heads nod.
    """
    ranges = [
        rep.spread(_tilt(rep, upper), rep.seen(upper, "hip")) for upper in ("shoulder", "ear")
    ]
    return min((found for found in ranges if found is not None), default=None)


def lean_back(rep: RepFrames) -> float | None:
    """Greatest tilt against the way the subject looks, degrees; 0 or less while it leans ahead."""
    return _backward(rep, rep.all)


def lean_back_at_top(rep: RepFrames) -> float | None:
    """The same in the start pose, where a deadlift is locked out."""
    return _backward(rep, rep.start)


def stoop_at_top(rep: RepFrames) -> float | None:
    """Least lean in the start pose, degrees, any view: a deadlift that is not stood up with."""
    cosine = np.clip(_rise(rep) / rep.trunk, -1.0, 1.0)
    return rep.part(np.degrees(np.arccos(cosine)), _seen(rep), rep.start, 0.1)


def _backward(rep: RepFrames, rows: Rows) -> float | None:
    if rep.heading == 0:
        return None
    return rep.part(-rep.heading * _tilt(rep), _seen(rep), rows, HIGH)


def against_shin(rep: RepFrames) -> float | None:
    """Trunk's angle from the vertical less the shin's at the turning point, degrees: 0 where they
    are parallel, as in a balanced squat."""
    (kx, ky), (ax, ay) = rep.body.pair("knee"), rep.body.pair("ankle")
    angle = np.degrees(np.arctan2(np.abs(kx - ax), ay - ky))
    shin, seen = rep.merged(angle, "knee", "ankle")
    return rep.part(np.abs(_tilt(rep)) - shin, np.minimum(_seen(rep), seen), rep.deep, 0.5)


def hips_first(rep: RepFrames) -> float | None:
    """How far the hips' share of their whole rise is ahead of the shoulders' on the way up, 0-1,
    quantile HIGH of the frames, any view: 0 where both rise together, ~0.4 where the hips shoot up
    first."""
    rows = rep.back & (_seen(rep) > 0)
    if np.count_nonzero(rows) < 4:
        return None
    seen = rep.over(_rise(rep), _seen(rep), rows)
    if seen is None:
        return None
    hip, shoulder = -rep.point("hip")[1][rows], -rep.point("shoulder")[1][rows]
    risen_hip, risen_shoulder = hip - hip[0], shoulder - shoulder[0]
    whole_hip, whole_shoulder = risen_hip.max(), risen_shoulder.max()
    if whole_shoulder < LEAST_RISE * rep.leg:
        return None
    if whole_hip < LEAST_RISE * rep.leg:
        return 0.0
    return quantile(risen_hip / whole_hip - risen_shoulder / whole_shoulder, HIGH)
