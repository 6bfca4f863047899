"""The ankles' path of a jump, with shanks that do not grow.

In the air feet point to the floor, and pose models then put the ankle on the instep or farther
down: the shank seems to be longer than while the feet are flat, by up to a tenth, and take-off
seems late and landing early. A bone keeps its length, so what it is longer than on the standing
subject is taken off again, along the shank. A subject who is nearer to the lens grows as a whole:
what trunk and thighs grow by, the shank may.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.motion.features import Floats
from worker.motion.jumps.signals import FEET, Rows
from worker.motion.median import median

BEFORE = 3.5
"""Seconds before take-off in which a standing pose is looked for."""

FLAT = 0.02
"""Most distance of the ankles from their height on flat feet, as a share of stature."""

LEAST = 0.15
"""Seconds of standing, all in all, that tell a shank's length."""

UNFOLDS = 1.02
"""What trunk and thigh are longer by in a stretched body than in one that stands at ease, hip and
knee bent by some 12 degrees: 1 / cos 12."""

_SHANKS, _THIGHS, _TRUNKS = (
    np.array(pairs) for pairs in (((13, 15), (14, 16)), ((11, 13), (12, 14)), ((5, 11), (6, 12)))
)


def ankle_heights(rows: Rows, near: Rows, begin: float, end: float, stature: float) -> Floats:
    """Heights [n, 2] in the picture, y down, of the ankles in the n frames `near` a flight that
    lasts from about `begin` to `end` seconds; `rows` are all frames kept, `stature` in frame
    heights. As logged where no standing pose before the flight tells the shanks' lengths."""
    joints = near.joints
    ankles: Floats = joints[:, 15:17, 1]
    standing = _standing(rows.between(begin - BEFORE, begin - 0.02), stature)
    flying = near.between(begin, end)
    if standing is None or not len(flying):
        return ankles
    longest = median(_lengths(standing, _SHANKS)) * _nearer(standing, flying.joints)
    longest[median(flying.joints[:, 13:15, 2]) < FEET] = np.inf
    if not _longer(_lengths(flying.joints, _SHANKS) / longest):
        return ankles
    share = np.minimum(longest / np.maximum(_lengths(joints, _SHANKS), 1e-9), 1.0)
    knees = joints[:, 13:15, 1]
    kept: Floats = knees + (ankles - knees) * share
    return kept


def _longer(ratios: Floats) -> bool:
    """Whether lengths [n, 2] by those they should have (0 where those are unknown) are too long by
    more than their noise: twice the standard error of a median, 1.25 times that of a mean."""
    known = ratios[:, ratios.any(axis=0)]
    if not known.size:
        return False
    ratio = known.mean(axis=1)
    middle = float(median(ratio))
    spread = 1.48 * float(median(np.abs(ratio - middle)))
    return middle - 1 > 2 * 1.25 * spread / float(np.sqrt(len(ratio)))


def _standing(before: Rows, stature: float) -> Floats | None:
    """Joints [m, 17, 3] of the frames with a stretched body on flat feet; None where too few."""
    upright = before.upright
    joints = before.joints[upright]
    if not len(joints):
        return None
    lower = joints[:, 15:17, 1].max(axis=1)
    flat = np.abs(lower - median(lower)) <= FLAT * stature
    step = float(median(np.diff(before.seconds))) if len(before) > 1 else np.inf
    return joints[flat] if flat.sum() * step >= LEAST else None


def _nearer(standing: Floats, flying: Floats) -> float:
    """How much larger the subject is in the air. Trunk or thigh alone may be longer for being
    stretched, hence the smaller of both."""
    grown = [
        _usual(flying, pairs) / max(_usual(standing, pairs), 1e-9) for pairs in (_THIGHS, _TRUNKS)
    ]
    return max(min(grown) / UNFOLDS, 1.0)


def _usual(joints: Floats, pairs: NDArray[np.int64]) -> float:
    """Median length of a segment of both sides."""
    return float(median(_lengths(joints, pairs).ravel()))


def _lengths(joints: Floats, pairs: NDArray[np.int64]) -> Floats:
    """Lengths [n, 2] of a segment of either side."""
    ends = joints[:, pairs[:, 0], :2] - joints[:, pairs[:, 1], :2]
    lengths: Floats = np.sqrt((ends * ends).sum(axis=-1))
    return lengths
