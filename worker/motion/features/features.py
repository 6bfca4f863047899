"""Features of a body in single frames that guidance and jumps watch; see also `measures`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from worker.motion.features.body_segments import PAIRS, TINY, Body, Floats

__all__ = ["FEATURES", "PAIRS", "Body", "Floats", "feature", "merged"]

CHAIN = 0.288 + 0.245 + 0.246
"""Shoulder to hip to knee to ankle along the body, as a share of stature (Drillis and Contini 1966,
in Winter 2009, fig. 4.1)."""


def _middle(body: Body, joint: str) -> tuple[Floats, Floats]:
    x, y = body.pair(joint)
    return 0.5 * (x[:, :1] + x[:, 1:]), 0.5 * (y[:, :1] + y[:, 1:])


def _both(column: Floats) -> Floats:
    return np.concatenate((column, column), axis=1)


def _knee_angle(body: Body) -> Floats:
    """Degrees at the knee, 180 where the leg is straight."""
    (ax, ay), (bx, by), (cx, cy) = body.pair("hip"), body.pair("knee"), body.pair("ankle")
    ux, uy, vx, vy = ax - bx, ay - by, cx - bx, cy - by
    angle: Floats = np.degrees(np.abs(np.arctan2(ux * vy - uy * vx, ux * vx + uy * vy)))
    return angle


def _trunk_tilt(body: Body) -> Floats:
    """Angle of the trunk from the vertical in the picture, degrees: 0 upright, 90 level."""
    (sx, sy), (hx, hy) = _middle(body, "shoulder"), _middle(body, "hip")
    return _both(np.degrees(np.arctan2(np.abs(sx - hx), hy - sy)))


def _stature(body: Body) -> Floats:
    """Stature in frame heights, as the trunk, thighs and shanks seen in the picture tell it."""
    chain = body.length("shoulder", "hip") + body.length("hip", "knee")
    return (chain + body.length("knee", "ankle")) / CHAIN


def _frontal(body: Body) -> Floats:
    """Shoulder width by trunk length: ~0.7 facing the camera, ~0.2 in profile."""
    (sx, sy), (hx, hy) = _middle(body, "shoulder"), _middle(body, "hip")
    trunk = np.sqrt((sx - hx) ** 2 + (sy - hy) ** 2) + TINY
    x, y = body.pair("shoulder")
    return _both(np.hypot(x[:, :1] - x[:, 1:], y[:, :1] - y[:, 1:]) / trunk)


_LEG = ("hip", "knee", "ankle")
_TRUNK = ("shoulder", "hip")

FEATURES: dict[str, tuple[Callable[[Body], Floats], tuple[str, ...]]] = {
    "knee_angle": (_knee_angle, _LEG),
    "trunk_tilt": (_trunk_tilt, _TRUNK),
    "frontal": (_frontal, _TRUNK),
    "stature": (_stature, ("shoulder", *_LEG)),
}
"""By name: the function of a Body to values [n, 2] (left, right) and the joints it needs."""


def feature(body: Body, name: str) -> tuple[Floats, Floats]:
    """Values [n, 2] of the feature `name` and how well each side is seen, 0-1 [n, 2].

    Raises KeyError for a name that is not in FEATURES.
    """
    function, joints = FEATURES[name]
    return function(body), body.seen(joints)


def merged(values: Floats, seen: Floats) -> Floats:
    """Mean [n] of the sides, weighted by the square of how well each is seen."""
    left, right = seen[:, 0] ** 2 + 1e-9, seen[:, 1] ** 2 + 1e-9
    mean: Floats = (values[:, 0] * left + values[:, 1] * right) / (left + right)
    return mean
