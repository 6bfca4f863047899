"""Where the hips are against the line of the body: push-ups, planks, bridges."""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import TINY, Floats
from worker.motion.features.order_statistics import quantile
from worker.motion.form.rep_frames import HIGH, RepFrames

WHOLE = 0.7
"""Share of the line's length in the rep under which the body is not laid out, or not seen."""

ON_KNEES = 45.0
"""Bend of the knees, degrees, from which they and not the feet are on the floor; straight legs sag
by 25 at most."""


def _end(rep: RepFrames) -> str:
    """The joint that ends the body's line: the ankle, or the knee where the ankles are hidden or
    the subject is on the knees."""
    joints = ("hip", "knee", "ankle")
    bend, seen = rep.merged(180.0 - rep.body.angle(*joints), *joints)
    typical = rep.part(bend, seen, rep.all, 0.5)
    return "knee" if typical is None or typical > ON_KNEES else "ankle"


def offset(rep: RepFrames) -> tuple[Floats, Floats]:
    """Signed height [n] of the hips over the line from shoulders to ankles by its length, positive
    above it, and how well it is seen [n]."""
    end = _end(rep)
    (sx, sy), (hx, hy), (ex, ey) = (rep.point(j) for j in ("shoulder", "hip", end))
    dx, dy = ex - sx, ey - sy
    length = np.sqrt(dx * dx + dy * dy) + TINY
    above = (dy * (hx - sx) - dx * (hy - sy)) / length
    # the normal that points up in the picture, whichever way the body lies
    upward = np.where(dx >= 0, 1.0, -1.0)
    whole = length >= WHOLE * quantile(length, HIGH)
    return upward * above / length, rep.seen("shoulder", "hip", end) * whole


def sag(rep: RepFrames) -> float | None:
    """How far the hips hang under the line at their lowest, by the line's length; < 0 above it."""
    lowest = rep.part(*offset(rep), rep.all, 0.1)
    return None if lowest is None else -lowest


def pike(rep: RepFrames) -> float | None:
    """How far the hips stand over the line, by its length, median over the rep: hips that are too
    high are so throughout, while those of a straight body go over it for a moment."""
    return rep.part(*offset(rep), rep.all, 0.5)


def chest_first(rep: RepFrames) -> float | None:
    """How far the hips stay behind the chest on the way up: fall of `offset` from the turning point
    to its lowest after it."""
    values, seen = offset(rep)
    up = rep.part(values, seen, rep.back, 0.1)
    low = rep.part(values, seen, rep.deep, 0.5)
    return None if up is None or low is None else low - up


def drift(rep: RepFrames) -> float | None:
    """How far the hips sink from the first to the last third of a hold, by the line's length."""
    values, seen = offset(rep)
    third = max(len(rep) // 3, 1)
    first, last = np.zeros(len(rep), bool), np.zeros(len(rep), bool)
    first[:third], last[-third:] = True, True
    begin, end = rep.part(values, seen, first, 0.5), rep.part(values, seen, last, 0.5)
    return None if begin is None or end is None else begin - end
