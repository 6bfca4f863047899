"""Poses as vectors that do not know the subject's size and place: limbs and joint angles.

A limb is the vector between its joints by its length in the subject's body, so it is 1 long in the
picture plane and shorter where it points to the camera; that keeps what a bare direction loses.
The body's size is estimated in every frame from its least foreshortened part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.contract.reference_poses import LIMBS, POINTS
from worker.motion.features.body_segments import Body, Columns, Floats

ANGLES: tuple[tuple[int, int, bool], ...] = (
    (0, 2, True), (1, 3, True),
    (4, 0, False), (5, 1, False),
    (4, 6, True), (5, 7, True),
    (6, 8, True), (7, 9, True),
)  # fmt: skip
"""Limbs of each joint angle, left and right in turn: elbow, shoulder, hip, knee; whether the joint
is the end of the first limb rather than its beginning."""

WIDTH = 2 * len(LIMBS) + len(ANGLES)
"""Length of a pose's vector: x and y of each limb, then the angles."""

RADIAN = 0.5
"""Part of a vector that one radian of joint angle is: a limb turned so far moves about 1."""

NO_WEIGHT_SCORE, FULL_WEIGHT_SCORE = 0.15, 0.5
"""Joint scores that are worth nothing and everything."""

PLAIN_LENGTH = 0.5
"""Length from which a limb's direction in the picture is a direction of the body."""

_ENDS = np.array([limb[:2] for limb in LIMBS])
_LENGTHS = np.array([limb[2] for limb in LIMBS])
_FIRST, _SECOND = (np.array([angle[side] for angle in ANGLES]) for side in (0, 1))
_TURN = np.where([angle[2] for angle in ANGLES], -1.0, 1.0)
_OTHER_SIDE = np.arange(len(LIMBS)) ^ 1
_TINY = 1e-9


@dataclass(frozen=True)
class Poses(Columns):
    """n poses: the `parts` of each [n, WIDTH], and how well each part is seen, `weights` 0-1
    [n, WIDTH]."""

    parts: Floats
    weights: Floats

    def resampled(self, seconds: Floats) -> Poses:
        """POINTS poses that are evenly spread over the time of these, which are at `seconds`."""
        return Poses(resampled(seconds, self.parts), resampled(seconds, self.weights))


def images_of(limbs: Floats, seen: Floats) -> list[tuple[Floats, Floats]]:
    """The limbs [n, 10, 2] and how well they are `seen` [n, 10] of a movement, of its mirror image,
    of the same with the other arm or leg, and of both."""
    mirror = np.array((-1.0, 1.0))
    other, other_seen = limbs[:, _OTHER_SIDE], seen[:, _OTHER_SIDE]
    return [
        (limbs, seen), (other * mirror, other_seen), (other, other_seen), (limbs * mirror, seen)
    ]  # fmt: skip


def limbs_of(body: Body) -> tuple[Floats, Floats]:
    """Limbs [n, 10, 2] of a body and how well each is seen [n, 10], 0-1."""
    dx = body.x[:, _ENDS[:, 1]] - body.x[:, _ENDS[:, 0]]
    dy = body.y[:, _ENDS[:, 1]] - body.y[:, _ENDS[:, 0]]
    scores = np.minimum(body.score[:, _ENDS[:, 0]], body.score[:, _ENDS[:, 1]])
    seen = np.clip((scores - NO_WEIGHT_SCORE) / (FULL_WEIGHT_SCORE - NO_WEIGHT_SCORE), 0.0, 1.0)
    scale = _stature(np.hypot(dx, dy), seen)[:, None] * _LENGTHS
    return np.stack((dx / scale, dy / scale), axis=-1), seen


def _stature(lengths: Floats, seen: Floats) -> Floats:
    """The subject's height [n] in the unit of `lengths`: that which its longest part tells.

    Parts are the arms, the trunk and the legs, each a mean over both sides weighted by sight;
    foreshortening takes away and never adds.
    """
    parts = []
    for columns in (slice(0, 4), slice(4, 6), slice(6, 10)):
        weight = seen[:, columns] + _TINY
        told = lengths[:, columns] / _LENGTHS[columns]
        mean = (told * weight).sum(axis=1) / weight.sum(axis=1)
        parts.append(np.where(weight.mean(axis=1) > 0.2, mean, 0.0))
    whole: Floats = np.max(parts, axis=0)
    return np.where(whole > 0, whole, np.inf)


def poses_of(limbs: Floats, seen: Floats) -> Poses:
    """The poses of limbs [n, 10, 2] that are `seen` [n, 10] so well, 0-1."""
    first, second = limbs[:, _FIRST] * _TURN[None, :, None], limbs[:, _SECOND]
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    dot = (first * second).sum(axis=-1)
    angles = np.abs(np.arctan2(cross, dot))
    plain = np.clip(np.linalg.norm(limbs, axis=-1) / PLAIN_LENGTH, 0.0, 1.0) ** 2 * seen
    parts = np.concatenate((limbs.reshape(-1, 2 * len(LIMBS)), RADIAN * angles), axis=1)
    weights = np.concatenate(
        (np.repeat(seen, 2, axis=1), np.minimum(plain[:, _FIRST], plain[:, _SECOND])), axis=1
    )
    return Poses(parts, weights)


def distances(one: Floats, other: Floats, weights: Floats) -> Floats:
    """Root mean square distance [n, m] of the parts of poses [n, WIDTH] to others [m, WIDTH].

    `weights` [n, m, WIDTH] or what broadcasts to it; 0 where nothing is seen.
    """
    square = (one[:, None] - other[None]) ** 2
    total = np.broadcast_to(weights, square.shape).sum(axis=-1) + _TINY
    found: Floats = np.sqrt((square * weights).sum(axis=-1) / total)
    return found


def resampled(seconds: Floats, values: Floats) -> Floats:
    """Values [n, ...] at POINTS moments that are evenly spread from the first to the last of
    `seconds` [n], linear between neighbours."""
    at = np.linspace(seconds[0], seconds[-1], POINTS)
    after = np.clip(np.searchsorted(seconds, at, side="right"), 1, len(seconds) - 1)
    span = seconds[after] - seconds[after - 1]
    share = np.clip((at - seconds[after - 1]) / np.maximum(span, 1e-9), 0.0, 1.0)
    share = share.reshape(-1, *(1,) * (values.ndim - 1))
    between: Floats = values[after - 1] * (1 - share) + values[after] * share
    return between
