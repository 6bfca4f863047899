"""How far a rep goes, as a share of the exercise's full range: 1 is what coaches ask for."""

from __future__ import annotations

import numpy as np

from worker.motion.features.order_statistics import quantile
from worker.motion.form.measures.balance import together
from worker.motion.form.rep_frames import RepFrames

BOTH = 0.35
"""Score from which both sides are compared with each other."""


def counted(rep: RepFrames) -> float | None:
    """What counting measured, about the turning point."""
    return None if rep.depth is None else rep.depth * float(rep.share[rep.turned].mean())


def thighs(rep: RepFrames) -> float | None:
    """Thighs to level: 0 standing, 1 with the hips 0.2 of a thigh over the knees, where hip and
    knee landmarks are when the crease of the hip is level with the knee (IPF rules). From the front
    the knees come nearer to the camera and look lower, so there the height of the hips over the
    ankles says more: 0.55 of the leg is left with shin and thigh at 34 and 76 degrees."""
    hip, knee, ankle = (rep.point(joint)[1] for joint in ("hip", "knee", "ankle"))
    seen = rep.seen("hip", "knee")
    above_knee = rep.reached((knee - hip) / (0.5 * rep.leg), seen)
    above_foot = rep.reached((ankle - hip) / rep.leg, rep.seen("hip", "ankle"))
    if above_knee is None or above_foot is None:
        return None
    side = (1.0 - above_knee) / 0.8
    front = (1.0 - above_foot) / 0.45
    share = 0.7 * rep.facing
    return (1.0 - share) * side + share * front


def lunge(rep: RepFrames) -> float | None:
    """Front thigh to level: 0 at 0.9 of a thigh over the knee, 1 at 0.15."""
    hip, knee = rep.body.pair("hip")[1], rep.body.pair("knee")[1]
    height = (knee - hip) / (0.5 * rep.leg)
    seen = rep.body.seen(("hip", "knee")).max(axis=1)
    lowest = rep.reached(height.min(axis=1), seen)
    return None if lowest is None else (0.9 - lowest) / 0.75


def support(rep: RepFrames) -> float | None:
    """Chest to the hands: 0 with the shoulders 0.95 of an arm over the wrists, 1 at 0.45, upper
    arms level."""
    wrist, shoulder = rep.point("wrist")[1], rep.point("shoulder")[1]
    lowest = rep.reached((wrist - shoulder) / rep.arm, rep.seen("shoulder", "wrist"))
    return None if lowest is None else (0.95 - lowest) / 0.5


def curl(rep: RepFrames) -> float | None:
    """Forearm from hanging to 40 degrees from upright: height of the wrist over the elbow from -0.9
    to 0.6 of the longer arm segment (end of elbow flexion, ~140 degrees: AAOS). Where both arms
    curl together, of the lesser one."""
    longer = np.maximum(rep.body.length("shoulder", "elbow"), rep.body.length("elbow", "wrist"))
    height = (rep.body.pair("elbow")[1] - rep.body.pair("wrist")[1]) / longer
    seen = rep.body.seen(("elbow", "wrist"))
    if quantile(seen.min(axis=1), 0.5) >= BOTH and together(height):
        highest = rep.reached(height.min(axis=1), seen.min(axis=1))
    else:
        highest = rep.reached(*rep.merged(height, "elbow", "wrist"))
    return None if highest is None else (highest + 0.9) / 1.5


def bridge(rep: RepFrames) -> float | None:
    """Hips from the floor to the line from shoulders to knees: hip angle from 125 to 172."""
    joints = ("shoulder", "hip", "knee")
    widest = rep.reached(*rep.merged(rep.body.angle(*joints), *joints))
    return None if widest is None else (widest - 125.0) / 47.0


def feet_apart(rep: RepFrames) -> float | None:
    """How much farther the feet are apart at the turning point than where they are closest, by leg
    length: how far a jack opens."""
    x = rep.body.pair("ankle")[0]
    apart = np.abs(x[:, 0] - x[:, 1]) / rep.leg
    seen = rep.body.seen(("ankle",)).min(axis=1)
    wide, closed = rep.reached(apart, seen), rep.part(apart, seen, rep.all, 0.1)
    return None if wide is None or closed is None else wide - closed
