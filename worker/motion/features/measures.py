"""Measures of the body that repetitions are found by: bends of joints and heights of joints.

A measure has a value and a weight in every frame, that of the joint seen worst. The scores of the
bodies that are measured here are weights (see `weighted`). Lengths are in frame heights; `stature`
tells what share of a person that is.

Names:
    knee_flexion, hip_flexion, elbow_flexion    degrees from straight
    deeper_knee_flexion, deeper_hip_flexion     that of the leg that bends more
    knee_flexion_difference, hip_...            between both sides
    trunk_tilt                                  degrees from upright
    thigh_share                                 height of the hips over the knees by that of the
                                                knees over the ankles: 1 standing, in any view
    fold                                        bend of hips or knees, whichever shows more, degrees
    A_height                                    height of a joint in the picture
    A_over_B                                    its height over another one
    higher_A_over_B                             that of the side where A is higher
    hip_over_lower_ankle                        that over the lower foot
    A_spread, A_step, A_gap                     distance of the left joint from the right one along
                                                the picture, upwards, and in all
    left_lift, right_lift, foot_lift            height of that foot (of one) over the other one
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from worker.motion.features.anthropometry import SEGMENTS, SHOULDER_WIDTH, STANDING_SHARE
from worker.motion.features.body_segments import TINY, Body, Floats, merged
from worker.motion.features.order_statistics import quantile

Measured = tuple[Floats, Floats]
"""Values and weights, [n] or, of both sides, [n, 2]."""

FLEXIONS = {
    "knee": ("hip", "knee", "ankle"),
    "hip": ("shoulder", "hip", "knee"),
    "elbow": ("shoulder", "elbow", "wrist"),
}

FAINT_SCORE, CLEAR_SCORE = 0.1, 0.35
"""Joint scores of no weight and of full weight: MoveNet's own threshold for a joint that is shown
is 0.3 (TensorFlow's pose example); darkness and the farther side of the body halve scores."""

EDGE_MARGIN = 0.02
"""Frame heights outside the picture at which a joint has no weight left: what is cut off by the
edge is put just at it, and a foot that stands on the lower edge is seen."""

LOW_KNEE = 0.15
"""Height of the knees over the ankles by stature, three fifths of a shank's length, below which
they are misplaced, or the shanks lie or point at the camera: thighs are not measured by them."""

PROFILE_WIDTH = 0.12
"""Distance of the shoulders along the picture by stature that is seen from the side: half of it."""

LENGTH_QUANTILE = 0.85
"""Quantile of a segment's lengths that is its length: foreshortening only shortens."""

LEAST_FRAMES = 5
"""Frames in which a segment must be seen."""


def weighted(body: Body, aspect: float) -> Body:
    """The body with weights 0-1 for scores: how well a joint is seen, nothing outside the picture,
    where the network guesses; `aspect` is the width of the picture by its height."""
    clear = np.clip((body.score - FAINT_SCORE) / (CLEAR_SCORE - FAINT_SCORE), 0.0, 1.0)
    x, y = body.x, body.y
    inside = np.minimum(np.minimum(x, aspect - x), np.minimum(y, 1.0 - y)) + EDGE_MARGIN
    return Body(x, y, clear * np.clip(inside / (1.5 * EDGE_MARGIN), 0.0, 1.0))


def is_length(name: str) -> bool:
    """Whether the measure `name` is a length, not an angle."""
    return "flexion" not in name and name not in ("trunk_tilt", "fold", "thigh_share")


def is_height(name: str) -> bool:
    """Whether the measure `name` is a height in the picture, which moves with the camera."""
    return name.endswith("_height")


def sides_of(body: Body, name: str) -> Measured:
    """Values and weights [n, 2] of the measure `name` of the left and the right side.

    Raises KeyError for a name that has no sides.
    """
    if name.endswith("_flexion"):
        joints = FLEXIONS[name.removesuffix("_flexion")]
        return 180.0 - body.angle(*joints), body.seen(joints)
    upper, _, lower = name.partition("_over_")
    upper_y, lower_y = body.pair(upper)[1], body.pair(lower)[1]
    return lower_y - upper_y, body.seen((upper, lower))


def whole(body: Body, name: str) -> Measured:
    """Values and weights [n] of the measure `name` of the whole body.

    Raises KeyError for an unknown name.
    """
    if name in _IRREGULAR:
        return _IRREGULAR[name](body)
    if name.startswith("higher_"):
        return _higher(*sides_of(body, name.removeprefix("higher_")))
    joint, _, kind = name.rpartition("_")
    if kind == "flexion":
        values, weights = sides_of(body, name)
        return merged(values, weights), weights.max(axis=1)
    if kind == "difference":
        values, weights = sides_of(body, joint)
        return np.abs(values[:, 0] - values[:, 1]), weights.min(axis=1)
    if kind == "height":
        return body.height(joint)
    if kind in ("spread", "step", "gap"):
        return _apart(body, joint, kind)
    upper, _, lower = name.partition("_over_")
    (high, high_weight), (low, low_weight) = body.height(upper), body.height(lower)
    return high - low, np.minimum(high_weight, low_weight)


def statures(body: Body) -> Floats:
    """Stature [n, 4] in frame heights, as each of trunk, leg, arm and shoulders tells it in each
    frame; nan where it is not seen."""
    columns = []
    for chain, share in SEGMENTS:
        length = np.sum([body.length(*ends) for ends in pairwise(chain)], axis=0)
        told = np.where(body.seen(chain) > 0.5, length, np.nan) / share
        columns.append(np.fmax(told[:, 0], told[:, 1]))
    width, seen = whole(body, "shoulder_gap")
    columns.append(np.where(seen > 0.5, width / SHOULDER_WIDTH, np.nan))
    return np.stack(columns, axis=1)


def stature(told: Floats) -> float:
    """Stature in frame heights from `told` [n, 4] (see `statures`): the segment that is the least
    foreshortened says most. 1 where nothing was seen."""
    found = [
        quantile(known, LENGTH_QUANTILE)
        for known in (column[np.isfinite(column)] for column in told.T)
        if len(known) >= max(LEAST_FRAMES, 0.02 * len(told))
    ]
    return max(found, default=1.0)


def _higher(values: Floats, weights: Floats) -> Measured:
    """Value and weight [n] of the side where it is higher, of those seen about as well."""
    best = weights.max(axis=1)
    seen = weights >= 0.5 * best[:, None]
    return np.where(seen, values, -np.inf).max(axis=1), best


def _thigh_share(body: Body) -> Measured:
    thigh, seen = whole(body, "hip_over_knee")
    shank, weight = whole(body, "knee_over_ankle")
    upright = shank > LOW_KNEE * np.nan_to_num(np.fmax.reduce(statures(body), axis=1))
    share = thigh / np.where(upright, np.maximum(shank, TINY), 1.0)
    return share, np.where(upright, np.minimum(seen, weight), 0.0)


def _fold(body: Body) -> Measured:
    """The most of both bends and of what the heights tell: from the front bends do not show. A
    bend by 15 degrees of hips or knees changes the hips' share of the height by 0.05."""
    found = [whole(body, name) for name in ("knee_flexion", "hip_flexion")]
    hips, seen = whole(body, "hip_over_ankle")
    share = hips / np.maximum(whole(body, "shoulder_over_ankle")[0], TINY)
    found.append((300 * np.abs(np.clip(share, 0.0, 1.0) - STANDING_SHARE), seen))
    values = np.max([np.where(weight > 0, value, 0.0) for value, weight in found], axis=0)
    return values, np.max([weight for _, weight in found], axis=0)


def _lift(body: Body, of: Callable[[Floats], Floats]) -> Measured:
    """Height of the left foot over the right one, or of the left knee where knees differ by more: a
    foot that hangs ahead of the body looks lower. As far as the legs explain it; `of` it.

    In profile perspective alone lifts the farther foot, by as much as the near one is nearer; one
    that left the floor has its knee bent more than the other's (by 0.06 of stature in 26 degrees),
    or is ahead or behind.
    """
    # of each frame alone: what is added to the frames later must not change it
    told = np.fmax.reduce(statures(body), axis=1)
    up, knee_up = (np.diff(body.pair(joint)[1])[:, 0] for joint in ("ankle", "knee"))
    seen, knee_seen = (body.seen((joint,)).min(axis=1) for joint in ("ankle", "knee"))
    by_knees = np.where(seen > 0, (np.abs(knee_up) > np.abs(up)) & (knee_seen >= seen), True)
    up, weight = np.where(by_knees, (knee_up, knee_seen), (up, seen))
    bent, bent_weight = whole(body, "knee_flexion_difference")
    apart, _ = whole(body, "ankle_spread")
    legs = np.maximum(told * bent / 400, 0.33 * apart)
    profile = whole(body, "shoulder_spread")[0] < PROFILE_WIDTH * told
    explained = np.where(profile & (bent_weight > 0), np.minimum(np.abs(up), legs), np.abs(up))
    return of(np.sign(up) * explained), weight


def _tilt(body: Body) -> Measured:
    (high, seen), (low, weight) = body.height("shoulder"), body.height("hip")
    upper, lower = (
        merged(body.pair(joint)[0], body.seen((joint,))) for joint in ("shoulder", "hip")
    )
    tilt = np.degrees(np.arctan2(np.abs(upper - lower), high - low + TINY))
    return tilt, np.minimum(seen, weight)


def _apart(body: Body, joint: str, kind: str) -> Measured:
    x, y = body.pair(joint)
    across, upwards = np.abs(x[:, 0] - x[:, 1]), np.abs(y[:, 0] - y[:, 1])
    values = {"spread": across, "step": upwards, "gap": np.hypot(across, upwards)}[kind]
    return values, body.seen((joint,)).min(axis=1)


_IRREGULAR: dict[str, Callable[[Body], Measured]] = {
    "deeper_knee_flexion": lambda body: _higher(*sides_of(body, "knee_flexion")),
    "deeper_hip_flexion": lambda body: _higher(*sides_of(body, "hip_flexion")),
    "hip_over_lower_ankle": lambda body: _higher(*sides_of(body, "hip_over_ankle")),
    "thigh_share": _thigh_share,
    "fold": _fold,
    "trunk_tilt": _tilt,
    "left_lift": lambda body: _lift(body, np.positive),
    "right_lift": lambda body: _lift(body, np.negative),
    "foot_lift": lambda body: _lift(body, np.abs),
}
"""Measures whose names are not made of a joint and what is measured of it."""
