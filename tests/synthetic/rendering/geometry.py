"""Rotations: about an axis, between directions, and of a hinged limb."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

X, Y, Z = np.eye(3)
"""Axes of the world in metres: x to the person's left, y backwards, z up."""


def unit(vector: Floats) -> Floats:
    """The direction of `vector` [3]."""
    length: Floats = vector / np.linalg.norm(vector)
    return length


def rotation(axis: Floats, degrees: float) -> Floats:
    """Matrix [3, 3] of a turn about `axis` (Rodrigues' formula)."""
    a, b, c = unit(np.asarray(axis, float))
    angle = np.radians(degrees)
    cross = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])
    turn: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn


def arc(start: Floats, end: Floats) -> Floats:
    """The shortest turn [3, 3] from the direction `start` to `end`: it twists least."""
    start, end = unit(start), unit(end)
    axis = np.cross(start, end)
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        return np.eye(3)
    return rotation(axis, np.degrees(np.arctan2(length, start @ end)))


def hinge_basis(direction: Floats, hinge: Floats) -> Floats:
    """Orthonormal columns [3, 3]: along a segment, its hinge, and what is square to both."""
    along = unit(direction)
    across = unit(hinge - along * (hinge @ along))
    return np.stack([along, across, np.cross(along, across)], axis=1)


def middle_joint(start: Floats, end: Floats, first: float, second: float, pole: Floats) -> Floats:
    """The joint [3] of a limb of two segments from `start` to `end`, bent towards `pole`.

    Law of cosines; an end out of reach is approached as far as the segments go.
    """
    line = end - start
    reach = min(float(np.linalg.norm(line)), 0.9995 * (first + second))
    along = unit(line)
    near = (first**2 - second**2 + reach**2) / (2 * reach)
    away = np.sqrt(max(first**2 - near**2, 0.0))
    side = unit(pole - along * (pole @ along))
    place: Floats = start + near * along + away * side
    return place
