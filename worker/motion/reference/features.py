"""Poses as vectors that do not know the subject's size and place: limbs and joint angles.

A limb is the vector between its joints by its length in the subject's body, so it is 1 long in the
picture plane and shorter where it points to the camera; that keeps what a bare direction loses.
The body's size is estimated in every frame from its least foreshortened part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.reference_poses import LIMBS
from worker.motion.features.body_segments import Body, Floats

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

BLIND, SHARP = 0.15, 0.5
"""Joint scores that are worth nothing and everything."""

PLAIN = 0.5
"""Length from which a limb's direction in the picture is a direction of the body."""

_ENDS = np.array([limb[:2] for limb in LIMBS])
_LENGTHS = np.array([limb[2] for limb in LIMBS])
_FIRST, _SECOND = (np.array([angle[side] for angle in ANGLES]) for side in (0, 1))
_TURN = np.where([angle[2] for angle in ANGLES], -1.0, 1.0)
_SWAP = np.arange(len(LIMBS)) ^ 1
_OTHER = np.concatenate((
    (2 * _SWAP[:, None] + np.arange(2)).ravel(), 2 * len(LIMBS) + (np.arange(len(ANGLES)) ^ 1)
))  # fmt: skip
_SIGN = np.ones(WIDTH)
_SIGN[: 2 * len(LIMBS) : 2] = -1.0
_TINY = 1e-9


def limbs_of(body: Body) -> tuple[Floats, Floats]:
    """Limbs [n, 10, 2] of a body and how well each is seen [n, 10], 0-1."""
    dx = body.x[:, _ENDS[:, 1]] - body.x[:, _ENDS[:, 0]]
    dy = body.y[:, _ENDS[:, 1]] - body.y[:, _ENDS[:, 0]]
    scores = np.minimum(body.score[:, _ENDS[:, 0]], body.score[:, _ENDS[:, 1]])
    seen = np.clip((scores - BLIND) / (SHARP - BLIND), 0.0, 1.0)
    scale = _stature(np.hypot(dx, dy), seen)[:, None] * _LENGTHS
    return np.stack((dx / scale, dy / scale), axis=-1), seen


def _stature(lengths: Floats, seen: Floats) -> Floats:
    """The subject's height [n] in the unit of `lengths`: that which its longest part tells.

    Parts are the arms, the trunk and the legs, each a mean over both sides weighted by sight;
    foreshortening takes away and never adds.
    """
    parts = []
    for columns in ((0, 1, 2, 3), (4, 5), (6, 7, 8, 9)):
        weight = seen[:, columns] + _TINY
        told = lengths[:, columns] / _LENGTHS[list(columns)]
        mean = (told * weight).sum(axis=1) / weight.sum(axis=1)
        parts.append(np.where(weight.mean(axis=1) > 0.2, mean, 0.0))
    whole: Floats = np.max(parts, axis=0)
    return np.where(whole > 0, whole, np.inf)


def vectors(limbs: Floats, seen: Floats) -> tuple[Floats, Floats]:
    """Poses [n, WIDTH] and the weight of each part [n, WIDTH], 0-1, from limbs [n, 10, 2]."""
    first, second = limbs[:, _FIRST] * _TURN[None, :, None], limbs[:, _SECOND]
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    dot = (first * second).sum(axis=-1)
    angles = np.abs(np.arctan2(cross, dot))
    plain = np.clip(np.linalg.norm(limbs, axis=-1) / PLAIN, 0.0, 1.0) ** 2 * seen
    values = np.concatenate((limbs.reshape(len(limbs), -1), RADIAN * angles), axis=1)
    weights = np.concatenate(
        (np.repeat(seen, 2, axis=1), np.minimum(plain[:, _FIRST], plain[:, _SECOND])), axis=1
    )
    return values, weights


def mirrored(values: Floats) -> Floats:
    """The poses [n, WIDTH] of the subject's mirror image: left and right, and x, change places."""
    turned: Floats = swapped(values) * _SIGN
    return turned


def swapped(values: Floats) -> Floats:
    """Poses [n, WIDTH] with the other arm and leg, seen from the same side; weights too."""
    return values[:, _OTHER]


def distances(one: Floats, other: Floats, weights: NDArray[np.float64]) -> Floats:
    """Root mean square distance [n, m] of poses [n, WIDTH] to others [m, WIDTH].

    `weights` [n, m, WIDTH] or what broadcasts to it; 0 where nothing is seen.
    """
    square = (one[:, None] - other[None]) ** 2
    total = np.broadcast_to(weights, square.shape).sum(axis=-1) + _TINY
    found: Floats = np.sqrt((square * weights).sum(axis=-1) / total)
    return found
