"""Whether a picture is of another shot than the one before: a film's cut, not a movement."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 8
ALIKE = 0.5
"""Least correlation of two thumbnails of one shot. Half of the picture may have moved."""
_FLAT = 2.0
"""Standard deviation in steps of 255 under which a thumbnail shows nothing to compare."""


def thumbnail(image: NDArray[np.uint8]) -> list[int]:
    """Brightness 0-255 of SIDE x SIDE fields of `image` uint8 RGB [h, w, 3]."""
    height, width = image.shape[:2]
    fewer = image[:: max(1, height // 64), :: max(1, width // 64), :3]
    small = cv2.resize(np.ascontiguousarray(fewer), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return [int(value) for value in small.reshape(SIDE * SIDE, -1).mean(axis=1)]


def is_cut(before: list[int], now: list[int]) -> bool:
    """Whether there was a cut between two thumbnails."""
    one, other = np.array(before, np.float64), np.array(now, np.float64)
    if len(one) != len(other) or one.std() < _FLAT or other.std() < _FLAT:
        return False
    return bool(np.corrcoef(one, other)[0, 1] < ALIKE)
