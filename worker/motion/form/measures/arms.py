"""Measures of the arms: drift of the upper arm, bend and lock-out of the elbow, heights."""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.features.order_statistics import quantile
from worker.motion.form.rep_frames import HIGH, RepFrames, Rows

POINTED = 0.6
"""Share of its length under which a segment is too foreshortened for its angle to be believed:
one that is 53 degrees out of the picture's plane."""

_ARM = ("shoulder", "elbow", "wrist")


def upper_arm_drift(rep: RepFrames) -> float | None:
    """Range of the upper arm's angle to the trunk over the rep, degrees: a strict curl keeps it
    near 10. The angle has a sign: an elbow that goes from behind the trunk to before it moves by
    both. Where the hips are out of the picture, to the vertical."""
    (sx, sy), (ex, ey), (hx, hy) = (rep.body.pair(joint) for joint in ("shoulder", "elbow", "hip"))
    arm = np.arctan2(ex - sx, ey - sy)
    drift = _range(rep, arm - np.arctan2(hx - sx, hy - sy), "hip", *_ARM[:2])
    return _range(rep, arm, *_ARM[:2]) if drift is None else drift


def _range(rep: RepFrames, angle: Floats, *joints: str) -> float | None:
    """Range of an angle [n, 2] of each side, radians, in degrees: of the working side, else the
    mean by the square of how well each side's joints are seen."""
    pointer = np.exp(1j * angle)
    away = np.degrees(np.angle(pointer * np.conj(pointer.sum(axis=0))))
    seen = rep.body.seen(joints)
    sides = (0, 1) if rep.side is None else (rep.side,)
    ranges = {side: rep.spread(away[:, side], seen[:, side]) for side in sides}
    weights = {side: quantile(seen[:, side], 0.5) ** 2 for side in sides}
    known = [(weights[side], found) for side, found in ranges.items() if found is not None]
    return sum(w * found for w, found in known) / sum(w for w, _ in known) if known else None


def elbow_bend(rep: RepFrames) -> float | None:
    """How much the elbows are bent near the turning point, degrees; 0 is a straight arm."""
    return _bend(rep, rep.deep, 0.5)


def lockout_bend(rep: RepFrames) -> float | None:
    """How much the elbows stay bent at their straightest near the turning point, degrees."""
    return _bend(rep, rep.deep, 0.1)


def lockout_bend_at_start(rep: RepFrames) -> float | None:
    """The same in the start pose: a curl that does not go all the way down."""
    return _bend(rep, rep.start, 0.1)


def least_bend(rep: RepFrames) -> float | None:
    """How much the elbows are bent over the whole rep, median, degrees: arms pulling a bar."""
    return _bend(rep, rep.all, 0.5)


def _bend(rep: RepFrames, rows: Rows, share: float) -> float | None:
    upper, fore = rep.body.length("shoulder", "elbow"), rep.body.length("elbow", "wrist")
    # a segment that points at the camera has no direction in the picture
    shorter, seen = rep.merged(np.minimum(upper, fore), *_ARM)
    bend, _ = rep.merged(180.0 - rep.body.angle("shoulder", "elbow", "wrist"), *_ARM)
    return rep.part(bend, seen * (shorter >= 0.5 * POINTED * rep.arm), rows, share)


def wrist_reach(rep: RepFrames) -> float | None:
    """Height of the wrists over the shoulders at the turning point by trunk length."""
    rise = (rep.point("shoulder")[1] - rep.point("wrist")[1]) / rep.trunk
    return rep.reached(rise, rep.seen("shoulder", "wrist"))


def wrist_rise(rep: RepFrames) -> float | None:
    """Greatest height of the wrists over the shoulders by trunk length: 0 level, ~1.1 overhead."""
    rise = (rep.point("shoulder")[1] - rep.point("wrist")[1]) / rep.trunk
    return rep.part(rise, rep.seen("shoulder", "wrist"), rep.all, 0.95)


def forearm_tilt(rep: RepFrames) -> float | None:
    """Mean angle of the forearms from the vertical near the turning point, degrees."""
    (ex, ey), (wx, wy) = rep.body.pair("elbow"), rep.body.pair("wrist")
    angle = np.degrees(np.arctan2(np.abs(ex - wx), np.maximum(wy - ey, 0.0) + 1e-6))
    both = rep.body.seen(("elbow", "wrist")).min(axis=1)
    return rep.part(angle.mean(axis=1), both, rep.deep, 0.5)


def support_tilt(rep: RepFrames) -> float | None:
    """Angle of the upper arms from the vertical along the picture, of its median over the rep,
    degrees: 0 with the elbows under the shoulders."""
    (sx, sy), (ex, ey) = rep.body.pair("shoulder"), rep.body.pair("elbow")
    angle, seen = rep.merged(np.degrees(np.arctan2(ex - sx, ey - sy)), "shoulder", "elbow")
    found = rep.part(angle, seen, rep.all, 0.5)
    return None if found is None else abs(found)


def wrist_ahead_of_shin(rep: RepFrames) -> float | None:
    """Greatest distance of the wrists ahead of the middle of the shins along the picture, by leg
    length: a bar that is away from the legs."""
    if rep.heading == 0:
        return None
    shin = 0.5 * (rep.point("knee")[0] + rep.point("ankle")[0])
    away = rep.heading * (rep.point("wrist")[0] - shin) / rep.leg
    return rep.part(away, rep.seen("wrist", "knee", "ankle"), rep.deep, HIGH)
