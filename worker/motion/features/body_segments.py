"""Smoothed joints of a block of frames, and the segments between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

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
class Columns:
    """Base of dataclasses all of whose fields, at least one, are arrays with a row for each of n
    frames, or such dataclasses themselves."""

    def __len__(self) -> int:
        return len(next(iter(vars(self).values())))

    def __getitem__(self, rows: slice | NDArray[Any]) -> Self:
        """The rows of a slice, of a mask [n] or of indices."""
        return type(self)(*(column[rows] for column in vars(self).values()))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all `parts`, of which there is one at least."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(
            *(
                type(each[0]).joined(each) if isinstance(each[0], Columns) else np.concatenate(each)
                for each in columns
            )
        )


@dataclass(frozen=True)
class Body(Columns):
    """Smoothed joints of n frames.

    `x`, `y` float64 [n, 17] in frame heights, y down (square pixels, so angles are true);
    `score` float64 [n, 17] 0-1.
    """

    x: Floats
    y: Floats
    score: Floats

    def pair(self, joint: str) -> tuple[Floats, Floats]:
        """x and y [n, 2] of the left and right `joint`."""
        first = PAIRS[joint][0]
        return self.x[:, first : first + 2], self.y[:, first : first + 2]

    def seen(self, joints: tuple[str, ...]) -> Floats:
        """Lowest score [n, 2] over `joints` of each side."""
        scores = [self.score[:, first : first + 2] for first, _ in map(PAIRS.__getitem__, joints)]
        return reduce(np.minimum, scores)

    def height(self, joint: str) -> tuple[Floats, Floats]:
        """Height [n] of the middle of both sides, by their scores, and the better score [n]."""
        scores = self.seen((joint,))
        return -merged(self.pair(joint)[1], scores), scores.max(axis=1)

    def length(self, first: str, second: str) -> Floats:
        """Length [n, 2] of the segment between two joints of each side, in frame heights."""
        (ax, ay), (bx, by) = self.pair(first), self.pair(second)
        length: Floats = np.sqrt((ax - bx) ** 2 + (ay - by) ** 2) + TINY
        return length

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
