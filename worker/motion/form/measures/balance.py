"""Measures of evenness. All compare heights in the picture, which a turn of the subject about the
vertical does not change, and take the difference at the start as the camera's: an even body seen
obliquely stays even.
"""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import TINY, Floats
from worker.motion.form.rep_frames import HIGH, RepFrames

IN_STEP, ALONG = 0.6, 0.2
"""Least correlation of the sides, and least range of the lesser by the greater one's, of sides that
do a rep together; a limb at rest, or one that moves in turn, is not uneven."""


def together(height: Floats) -> bool:
    """Whether both columns of `height` [n, 2] go the same way at the same time."""
    ranges = height.max(axis=0) - height.min(axis=0)
    if len(height) < 3 or ranges.min() <= ALONG * ranges.max():
        return False
    left, right = (height - height.mean(axis=0)).T
    shared = float((left * right).sum())
    return shared > IN_STEP * float(np.sqrt((left * left).sum() * (right * right).sum()))


def _uneven(rep: RepFrames, upper: str, lower: str) -> float | None:
    """Greatest difference between the sides in the height of `upper` over `lower`, less that of the
    start pose, by the way that height goes over the rep."""
    height: Floats = rep.body.pair(lower)[1] - rep.body.pair(upper)[1]
    seen = rep.body.seen((upper, lower)).min(axis=1)
    if not together(height):
        return None
    way = rep.spread(height.mean(axis=1), seen)
    apart = height[:, 0] - height[:, 1]
    start, deep = rep.part(apart, seen, rep.start, 0.5), rep.part(apart, seen, rep.deep, 0.5)
    if way is None or start is None or deep is None:
        return None
    return abs(deep - start) / (way + TINY)


def legs(rep: RepFrames) -> float | None:
    """Difference of how far the thighs come down, as a share of their way."""
    return _uneven(rep, "hip", "knee")


def arms(rep: RepFrames) -> float | None:
    """Difference of how far the wrists move against the shoulders, as a share of their way."""
    return _uneven(rep, "wrist", "shoulder")


def shift(rep: RepFrames) -> float | None:
    """How far the hips move to one side of the middle of the feet, by leg length: at the turning
    point against the start pose.

    A turn of the body shows its hips, which go back, aside as well; but then the knees, which go
    ahead as far, go to the other side. So at most what hips and knees have in common counts, by
    1.5, as knees go half as far aside as hips.
    """
    feet = rep.body.pair("ankle")[0].mean(axis=1)
    seen = rep.body.seen(("hip", "knee", "ankle")).min(axis=1)
    moved = []
    for joint in ("hip", "knee"):
        away = (rep.body.pair(joint)[0].mean(axis=1) - feet) / rep.leg
        start, deep = rep.part(away, seen, rep.start, 0.5), rep.part(away, seen, rep.deep, 0.5)
        if start is None or deep is None:
            return None
        moved.append(deep - start)
    hips, knees = moved
    return min(abs(hips), abs(hips + knees) / 1.5)


def hips_tilt(rep: RepFrames) -> float | None:
    """Greatest difference in height of the hips by leg length, in a hold on one leg."""
    y = rep.body.pair("hip")[1]
    seen = rep.body.seen(("hip",)).min(axis=1)
    return rep.part(np.abs(y[:, 0] - y[:, 1]) / rep.leg, seen, rep.all, HIGH)
