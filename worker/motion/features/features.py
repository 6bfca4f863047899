"""Body features of a block of frames: what exercises watch.

All are ratios and angles of one frame (the leg's length may be known from before), so that
distance, zoom cuts and frame size do not matter. Those with `_y` are built from heights in the
picture, which a turn of the subject about the vertical does not change: they work from the front,
from the side and between.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from worker.motion.features.body_segments import PAIRS, TINY, Body, Floats

__all__ = ["FEATURES", "PAIRS", "Body", "Floats", "feature", "merged"]

CHAIN = 0.288 + 0.245 + 0.246
"""Shoulder to hip to knee to ankle along the body, as a share of stature (Drillis and Contini 1966,
in Winter 2009, fig. 4.1)."""

WIDTHS = 2.0
"""Least leg by shoulder width: 0.49 by 0.2 of stature (Winter 2009, fig. 4.1; joint centres), less
a fifth for broad shoulders and clothes."""


def _arm(body: Body) -> Floats:
    return body.length("shoulder", "elbow") + body.length("elbow", "wrist")


def _leg(body: Body) -> Floats:
    return body.length("hip", "knee") + body.length("knee", "ankle")


def _angle(body: Body, first: str, middle: str, last: str) -> Floats:
    (ax, ay), (bx, by), (cx, cy) = body.pair(first), body.pair(middle), body.pair(last)
    ux, uy, vx, vy = ax - bx, ay - by, cx - bx, cy - by
    angle: Floats = np.degrees(np.abs(np.arctan2(ux * vy - uy * vx, ux * vx + uy * vy)))
    return angle


def _mean(pair: Floats) -> Floats:
    half: Floats = 0.5 * (pair[:, :1] + pair[:, 1:])
    return half


def _middle(body: Body, joint: str) -> tuple[Floats, Floats]:
    x, y = body.pair(joint)
    return _mean(x), _mean(y)


def _both(column: Floats) -> Floats:
    return np.concatenate((column, column), axis=1)


def _torso(body: Body) -> Floats:
    (sx, sy), (hx, hy) = _middle(body, "shoulder"), _middle(body, "hip")
    return np.sqrt((sx - hx) ** 2 + (sy - hy) ** 2) + TINY


def least_leg(body: Body) -> Floats:
    """Length [n, 2] that thigh and shank have at least together, in frame heights, from one frame
    alone: segments that lean at the camera are foreshortened, the width of the shoulders is not.
    """
    x, y = body.pair("shoulder")
    width = np.hypot(x[:, :1] - x[:, 1:], y[:, :1] - y[:, 1:])
    longest = np.maximum(_leg(body), 2 * body.length("knee", "ankle"))
    least: Floats = np.maximum(longest, WIDTHS * width)
    return least


def _own_leg(body: Body) -> Floats:
    return least_leg(body) if body.legs is None else body.legs


def _thigh_y(body: Body) -> Floats:
    """Height of the hip over the knee by half a leg: 1 standing, 0 at a level thigh."""
    return (body.pair("knee")[1] - body.pair("hip")[1]) / (0.5 * _own_leg(body))


def _thigh_gap(body: Body) -> Floats:
    """Difference of `thigh_y` between the legs: 0 in a squat, ~0.9 in a lunge."""
    height = _thigh_y(body)
    return _both(np.abs(height[:, :1] - height[:, 1:]))


def _low_thigh_y(body: Body) -> Floats:
    """The lower of both legs' `thigh_y`: what a lunge brings down on one side."""
    height = _thigh_y(body)
    return _both(np.minimum(height[:, :1], height[:, 1:]))


def _long_leg(body: Body) -> Floats:
    """Distance from hip to ankle by thigh and shank of the straighter leg: 1 where it is straight,
    however it leans."""
    return _both((body.length("hip", "ankle") / _leg(body)).max(axis=1, keepdims=True))


def _side_step(body: Body) -> Floats:
    """How unlike the legs are in a step aside: three times how far the hips are from the middle of
    the feet by leg length, or how much more one knee is bent than the other in 100 degrees; at
    most 0.7 of the feet's distance along the picture, except in profile, where that is hidden.
    """
    (ax, _), (hx, _) = _middle(body, "ankle"), _middle(body, "hip")
    shift = _both(np.abs(hx - ax) / _mean(_own_leg(body)))
    unlike = _knees_unlike(body)
    seen = np.minimum(0.7 * _feet_spread(body), np.maximum(3 * shift, unlike))
    return np.where(_frontal(body) < 0.4, np.maximum(seen, unlike), seen)


def _stride(body: Body) -> Floats:
    """The feet's distance along the picture by leg length in profile, a step ahead; else 0."""
    return np.where(_frontal(body) < 0.4, _feet_spread(body), 0.0)


def _bent_hip(body: Body) -> Floats:
    """`hip_angle` of the side that is bent more."""
    return _both(_body_line(body).min(axis=1, keepdims=True))


def _foot_up(body: Body) -> Floats:
    """Height of the right ankle over the left one by leg length: 0 on both feet."""
    y = body.pair("ankle")[1]
    return _both((y[:, :1] - y[:, 1:]) / _leg(body).max(axis=1, keepdims=True))


def _foot_lift(body: Body) -> Floats:
    """`_foot_up` as far as the leg explains it. In profile perspective alone lifts the farther
    foot, by as much as the near one is nearer; one that left the floor has its knee bent more than
    the other's (by 0.13 in 26 degrees), or is ahead or behind.
    """
    up = _foot_up(body)
    seen = np.maximum(0.5 * _knees_unlike(body), 0.33 * _feet_spread(body))
    most = np.where(_frontal(body) < 0.4, np.minimum(np.abs(up), seen), np.abs(up))
    return np.sign(up) * most


def _knees_unlike(body: Body) -> Floats:
    """How much more one knee is bent than the other, in 100 degrees."""
    knees = _angle(body, "hip", "knee", "ankle")
    return _both(np.abs(knees[:, :1] - knees[:, 1:]) / 100)


def _leg_y(body: Body) -> Floats:
    """Height of the hip over the ankle by leg length: 1 standing, ~0.55 with level thighs."""
    return (body.pair("ankle")[1] - body.pair("hip")[1]) / _own_leg(body)


def _stand_y(body: Body) -> Floats:
    """`leg_y` of the leg that stands the taller: 1 on one leg, whatever the other does."""
    return _both(_leg_y(body).max(axis=1, keepdims=True))


def _floor_pull(body: Body) -> Floats:
    """How far the shoulders have come down to the hips, 0-1, while the hands are well below the
    knees: what pulling from the floor looks like. 0 while the hands are higher."""
    knee, wrist = body.pair("knee")[1], body.pair("wrist")[1]
    low = (wrist - knee) / body.length("knee", "ankle") > 0.2
    return np.where(low, 1.0 - _trunk_y(body), 0.0)


def _raise_y(body: Body) -> Floats:
    """Height of the wrist over the shoulder by arm length: -1 hanging, 1 overhead.

    Trunk and arm are nearly as long (0.29 and 0.33 of stature: Winter 2009, fig. 4.1), and the
    longer in the picture is the less foreshortened: an arm that points at the camera is, or a bent
    one, with its elbow behind the body, from the side; a level trunk is from the front.
    """
    longer = np.maximum(_arm(body), _torso(body))
    return (body.pair("shoulder")[1] - body.pair("wrist")[1]) / longer


def _support_y(body: Body) -> Floats:
    """Height of the shoulder over the wrist by arm length: 1 on straight arms."""
    return -_raise_y(body)


def _elbow_y(body: Body) -> Floats:
    """Height of the elbow over the shoulder by upper arm length: -1 hanging, 0 level, 1 up."""
    upper = body.length("shoulder", "elbow")
    return (body.pair("shoulder")[1] - body.pair("elbow")[1]) / upper


def _forearm_y(body: Body) -> Floats:
    """Height of the wrist over the elbow by arm segment length: -1 hanging, 1 upright."""
    longer = np.maximum(body.length("shoulder", "elbow"), body.length("elbow", "wrist"))
    return (body.pair("elbow")[1] - body.pair("wrist")[1]) / longer


def _trunk_y(body: Body) -> Floats:
    """Height of the shoulders over the hips by arm length: ~1 upright, ~0 level."""
    rise = _middle(body, "hip")[1] - _middle(body, "shoulder")[1]
    return _both(rise / _mean(_arm(body)))


def _trunk_tilt(body: Body) -> Floats:
    """Angle of the trunk from the vertical in the picture, degrees: 0 upright, 90 level."""
    (sx, sy), (hx, hy) = _middle(body, "shoulder"), _middle(body, "hip")
    return _both(np.degrees(np.arctan2(np.abs(sx - hx), hy - sy)))


def _hips_over_feet_y(body: Body) -> Floats:
    """Height of the hips over the ankles by leg length: 1 standing, 0 on the floor."""
    rise = _middle(body, "ankle")[1] - _middle(body, "hip")[1]
    return _both(rise / _mean(_leg(body)))


def _height_y(body: Body) -> Floats:
    """Height of the body in the picture, mean of shoulders, hips, knees and ankles, in frame
    heights, up: no ratio, so only changes of it mean anything (see `own_rest`)."""
    joints = ("shoulder", "hip", "knee", "ankle")
    rise: Floats = -np.mean([_middle(body, joint)[1] for joint in joints], axis=0)
    return rise


def _stature(body: Body) -> Floats:
    """Stature in frame heights, as the trunk, thighs and shanks seen in the picture tell it."""
    chain = body.length("shoulder", "hip") + _leg(body)
    return chain / CHAIN


def _feet_spread(body: Body) -> Floats:
    """Distance between the ankles along the picture by leg length."""
    x = body.pair("ankle")[0]
    return _both(np.abs(x[:, :1] - x[:, 1:]) / _mean(_leg(body)))


def _frontal(body: Body) -> Floats:
    """Shoulder width by trunk length: ~0.7 facing the camera, ~0.2 in profile."""
    x, y = body.pair("shoulder")
    width = np.hypot(x[:, :1] - x[:, 1:], y[:, :1] - y[:, 1:])
    return _both(width / _torso(body))


def _body_line(body: Body) -> Floats:
    """Angle shoulder-hip-knee, degrees: 180 where trunk and thighs are one line."""
    return _angle(body, "shoulder", "hip", "knee")


def _elbow_drift(body: Body) -> Floats:
    """Angle of the upper arm to the trunk, degrees: what a strict curl keeps still."""
    return _angle(body, "hip", "shoulder", "elbow")


_ARM = ("shoulder", "elbow", "wrist")
_LEG = ("hip", "knee", "ankle")
_TRUNK = ("shoulder", "hip")

FEATURES: dict[str, tuple[Callable[[Body], Floats], tuple[str, ...]]] = {
    "knee_angle": (lambda body: _angle(body, *_LEG), _LEG),
    "hip_angle": (_body_line, ("shoulder", "hip", "knee")),
    "bent_hip": (_bent_hip, ("shoulder", "hip", "knee")),
    "elbow_angle": (lambda body: _angle(body, *_ARM), _ARM),
    "shoulder_angle": (_elbow_drift, ("hip", "shoulder", "elbow")),
    "thigh_y": (_thigh_y, _LEG),
    "thigh_gap": (_thigh_gap, _LEG),
    # a driven knee takes its foot along: it tells where a network bends the wrong leg too
    "lift_gap": (lambda body: np.maximum(_thigh_gap(body), 2 * np.abs(_foot_up(body))), _LEG),
    "low_thigh_y": (_low_thigh_y, _LEG),
    "long_leg": (_long_leg, _LEG),
    "side_step": (_side_step, _LEG),
    "stride": (_stride, _LEG),
    "foot_up": (lambda body: np.abs(_foot_up(body)), _LEG),
    "right_foot_lift": (_foot_lift, _LEG),
    "left_foot_lift": (lambda body: -_foot_lift(body), _LEG),
    "foot_lift": (lambda body: np.abs(_foot_lift(body)), _LEG),
    "hips_over_feet_y": (_hips_over_feet_y, _LEG),
    "leg_y": (_leg_y, _LEG),
    "stand_y": (_stand_y, _LEG),
    "floor_pull": (_floor_pull, ("shoulder", "wrist", "hip", "knee")),
    "support_y": (_support_y, ("shoulder", "wrist")),
    "raise_y": (_raise_y, _ARM),
    "elbow_y": (_elbow_y, ("shoulder", "elbow")),
    "forearm_y": (_forearm_y, _ARM),
    "trunk_y": (_trunk_y, _TRUNK),
    "trunk_tilt": (_trunk_tilt, _TRUNK),
    "feet_spread": (_feet_spread, _LEG),
    "frontal": (_frontal, _TRUNK),
    "height_y": (lambda body: _both(_height_y(body)), ("shoulder", *_LEG)),
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
