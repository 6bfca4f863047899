"""Square regions of a picture, rotated so that the body in them stands upright.

A region is float32 [4]: x and y of its centre and its side in pixels, and its rotation in radians,
clockwise as seen. Pixel (0, 0) covers the square from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.pose.geometry.boxes import Boxes

MARGIN = 1.25
"""Side of a region over the diameter of the circle around the body (scale of
RectTransformationCalculator in MediaPipe's pose_landmarks_to_roi.pbtxt)."""
_SMALLEST = 8.0

Region = NDArray[np.float32]
Matrix = NDArray[np.float64]


def from_points(centre: NDArray[Any], rim: NDArray[Any]) -> Region:
    """The region of a body, from the middle of its hips and a point on the circle around it.

    In an upright body that point is above the hips (AlignmentPointsRectsCalculator).
    """
    across, down = (float(value) for value in rim - centre)
    turn = math.pi / 2 - math.atan2(-down, across)
    turn -= 2 * math.pi * math.floor((turn + math.pi) / (2 * math.pi))
    side = max(2 * MARGIN * math.hypot(across, down), _SMALLEST)
    return np.array([centre[0], centre[1], side, turn], np.float32)


def from_box(box: Boxes, turn: float = 0.0) -> Region:
    """The region around a box [4] that encloses a body tightly, rotated by `turn` radians."""
    x, y = (float(value) for value in (box[:2] + box[2:]) / 2)
    side = max(float((box[2:] - box[:2]).max()), _SMALLEST) * MARGIN
    return np.array([x, y, side, turn], np.float32)


def matrix(region: Region) -> Matrix:
    """Affine 2x3 from x, y within the region (0-1) to pixels of the picture."""
    x, y, side, turn = region.tolist()
    cosine, sine = side * math.cos(turn), side * math.sin(turn)
    return np.array(
        [
            [cosine, -sine, x - (cosine - sine) / 2],
            [sine, cosine, y - (sine + cosine) / 2],
        ]
    )


def crop(image: NDArray[np.uint8], region: Region, size: int) -> NDArray[np.uint8]:
    """The region's part of `image`, uint8 [size, size, 3]; black outside the picture."""
    own = matrix(region)
    # cv2 has integer coordinates at pixel centres
    pixels = own[:, :2] / size
    origin = own[:, 2] + pixels.sum(axis=1) / 2 - 0.5
    inverse = np.concatenate([pixels, origin[:, None]], axis=1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, inverse, (size, size), flags=flags), np.uint8)


def unwrap_angles(regions: Sequence[Region | None]) -> list[Region | None]:
    """The regions with full turns added, so that rotation from one to the next is the shorter
    way."""
    last = 0.0
    unwrap_angles: list[Region | None] = []
    for region in regions:
        if region is not None:
            turns = round((float(region[3]) - last) / (2 * math.pi))
            region = region - np.array([0, 0, 0, 2 * math.pi * turns], np.float32)
            last = float(region[3])
        unwrap_angles.append(region)
    return unwrap_angles
