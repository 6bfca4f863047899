"""Smoothed joints of a block of frames, and the segments between them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PAIRS: dict[str, tuple[int, int]] = {
    "eye": (1, 2),
    "ear": (3, 4),
    "shoulder": (5, 6),
    "elbow": (7, 8),
    "wrist": (9, 10),
    "hip": (11, 12),
    "knee": (13, 14),
    "ankle": (15, 16),
}
"""COCO indices (left, right) of each paired joint."""

TINY = 1e-6
"""Added to lengths that are divided by."""


@dataclass(frozen=True)
class Body:
    """Smoothed joints of n frames.

    `x`, `y` float64 [n, 17] in frame heights, y down (square pixels, so angles are true);
    `score` float64 [n, 17] 0-1.
    """

    x: Floats
    y: Floats
    score: Floats
    _pairs: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)
    _lengths: dict[str, Floats] = field(default_factory=dict)

    def pair(self, joint: str) -> tuple[Floats, Floats]:
        """x and y [n, 2] of the left and right `joint`."""
        found = self._pairs.get(joint)
        if found is None:
            first = PAIRS[joint][0]
            found = self.x[:, first : first + 2], self.y[:, first : first + 2]
            self._pairs[joint] = found
        return found

    def seen(self, joints: tuple[str, ...]) -> Floats:
        """Lowest score [n, 2] over `joints` of each side."""
        first = PAIRS[joints[0]][0]
        lowest = self.score[:, first : first + 2]
        for joint in joints[1:]:
            first = PAIRS[joint][0]
            lowest = np.minimum(lowest, self.score[:, first : first + 2])
        return lowest

    def length(self, first: str, second: str) -> Floats:
        """Length [n, 2] of the segment between two joints of each side, in frame heights."""
        key = f"{first} {second}"
        found = self._lengths.get(key)
        if found is None:
            (ax, ay), (bx, by) = self.pair(first), self.pair(second)
            found = np.sqrt((ax - bx) ** 2 + (ay - by) ** 2) + TINY
            self._lengths[key] = found
        return found

    def angle(self, first: str, middle: str, last: str) -> Floats:
        """Angle [n, 2] at the `middle` joint of each side in degrees, 180 where straight."""
        (ax, ay), (bx, by), (cx, cy) = self.pair(first), self.pair(middle), self.pair(last)
        ux, uy, vx, vy = ax - bx, ay - by, cx - bx, cy - by
        angle: Floats = np.degrees(np.abs(np.arctan2(ux * vy - uy * vx, ux * vx + uy * vy)))
        return angle


def merged(values: Floats, weights: Floats) -> Floats:
    """Mean [n] of both sides [n, 2], by the squares of their weights."""
    left, right = weights[:, 0] ** 2 + 1e-9, weights[:, 1] ** 2 + 1e-9
    mean: Floats = (values[:, 0] * left + values[:, 1] * right) / (left + right)
    return mean
