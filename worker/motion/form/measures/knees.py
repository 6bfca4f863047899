"""Measures of the knees: apart (front view), ahead of the ankle and bent (side view)."""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import TINY, Floats
from worker.motion.features.order_statistics import quantile
from worker.motion.form.rep_frames import HIGH, RepFrames

DEEPEST = 0.9
"""Share of the way from which a frame is at the turning point."""


def _apart(rep: RepFrames, joint: str) -> Floats:
    """Distance [n] between both sides' `joint` along the picture."""
    x = rep.body.pair(joint)[0]
    apart: Floats = np.abs(x[:, 0] - x[:, 1])
    return apart


def _both_seen(rep: RepFrames, *joints: str) -> Floats:
    """Lowest score [n] over both sides of the joints."""
    seen: Floats = rep.body.seen(joints).min(axis=1)
    return seen


def width(rep: RepFrames) -> float | None:
    """Least distance between the knees near the turning point, by that between the ankles, or, on
    the way up, by their own at the turning point, whichever is less.

    Under 1 of the first the knees have caved in (knee separation ratio of Noyes et al. 2005, Am J
    Sports Med 33; knees over the toes are farther apart); the second sees knees that come together
    as the load is lifted, however wide they were. A turn about the vertical shortens all alike.
    """
    apart, feet = _apart(rep, "knee"), _apart(rep, "ankle") + TINY
    seen = _both_seen(rep, "knee", "ankle")
    by_feet = rep.part(apart / feet, seen, rep.deep, 0.1)
    lifting = rep.part(apart, seen, rep.back & rep.deep, 0.1)
    deepest = rep.part(apart, seen, rep.share >= DEEPEST, 0.5)
    if by_feet is None or lifting is None or deepest is None:
        return None
    return min(by_feet, lifting / (deepest + TINY))


def _front_leg(rep: RepFrames) -> int:
    """Side whose shin stands the more upright at the turning point: a lunge's front leg."""
    (kx, ky), (ax, ay) = rep.body.pair("knee"), rep.body.pair("ankle")
    lean = np.abs(np.arctan2(np.abs(kx - ax), ay - ky))[rep.turned].mean(axis=0)
    return int(np.argmin(lean))


def ahead_of_ankle(rep: RepFrames) -> float | None:
    """Greatest angle of the front shin from the vertical, knee ahead of the ankle, degrees. The
    toes are ~29 degrees ahead (0.12 of stature over a shank of 0.246: Winter 2009, fig. 4.1)."""
    leg = _front_leg(rep)
    (kx, ky), (ax, ay), (hx, _) = (rep.body.pair(joint) for joint in ("knee", "ankle", "hip"))
    way = np.sign(quantile((kx - hx)[rep.deep, leg], 0.5))
    shin = np.degrees(np.arctan2(way * (kx - ax)[:, leg], (ay - ky)[:, leg]))
    seen = rep.body.seen(("knee", "ankle"))[:, leg]
    return rep.part(shin, seen, rep.deep, HIGH)


def inward(rep: RepFrames) -> float | None:
    """Greatest angle of a lunge's front shin from the vertical, knee inside the ankle, degrees,
    from the front. By the shin alone: it stands nearly upright, so a turn of the body leaves it so,
    while the thigh points at the camera and a turn throws its knee aside.
    """
    leg = _front_leg(rep)
    (kx, ky), (ax, ay) = rep.body.pair("knee"), rep.body.pair("ankle")
    middle = rep.point("hip")[0]
    outer = float(np.sign(quantile((ax[:, leg] - middle)[rep.deep], 0.5))) or 1.0
    shin = np.degrees(np.arctan2(outer * (ax - kx)[:, leg], np.abs(ay - ky)[:, leg]))
    return rep.part(shin, rep.body.seen(("knee", "ankle"))[:, leg], rep.deep, HIGH)


def bend_range(rep: RepFrames) -> float | None:
    """How far hips and head come down to the ankles over the rep by leg length, the lesser: a press
    that is helped by the knees dips by 0.1 and more; standing still leaves 0.03 of noise. Hips
    alone go up as well with a shirt that raised arms pull, the head alone where it nods."""
    ankle = rep.point("ankle")[1]
    hip, head = (
        rep.spread((ankle - rep.point(joint)[1]) / rep.leg, rep.seen(joint, "ankle"))
        for joint in ("hip", "ear")
    )
    return hip if hip is None or head is None else min(hip, head)


def seat(rep: RepFrames) -> float | None:
    """Height of the hips over the knees by thigh length, median over a hold: 0 with level thighs,
    1 standing."""
    rise = (rep.point("knee")[1] - rep.point("hip")[1]) / (0.5 * rep.leg)
    return rep.part(rise, rep.seen("hip", "knee"), rep.all, 0.5)
