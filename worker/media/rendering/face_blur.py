"""Faces made unrecognisable in pictures and frames, by where the pose says that the head is.

Only the subject has a pose: other people in the picture are not touched. Where the subject's head
is not known, the whole picture is blurred: better nothing to see than a face.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import COUNT
from worker.media.rendering.planes import Plane, pixels_of

_CELLS = 4.0
"""Squares across a face: of its features none is left."""
_CELLS_WHOLE = 8.0

_SPREAD = 2.2
_TORSO = 0.36
"""Radius by the farthest of the head's joints from their middle, and by the trunk's length: half of
head and neck is 0.32 of it (Winter, Biomechanics and Motor Control of Human Movement, fig. 4.1:
0.182 and 0.288 of the body's height), and some hair."""
_LEAST = 0.015
"""Least radius as a part of the picture's height."""


def face_of(
    keypoints: NDArray[np.float32], width: float, height: float
) -> tuple[float, float, float] | None:
    """Centre and radius of the head in pixels, generously; None where it is not known.

    `keypoints` are float32 [17 COCO joints or 33 landmarks, 2 or more] of x and y, 0-1.
    """
    if not np.isfinite(keypoints[:, :2]).all() or not keypoints[:, :2].any():
        return None
    points = pixels_of(keypoints[:, :2], width, height)
    head, shoulder, hip = (5, 5, 11) if len(points) == COUNT else (11, 11, 23)
    centre = points[:head].mean(0)
    spread = float(np.linalg.norm(points[:head] - centre, axis=1).max())
    shoulders, hips = points[shoulder : shoulder + 2].mean(0), points[hip : hip + 2].mean(0)
    trunk = float(np.linalg.norm(shoulders - hips))
    radius = max(_SPREAD * spread, _TORSO * trunk, _LEAST * height)
    return float(centre[0]), float(centre[1]), radius


def blur_face(
    planes: list[Plane], keypoints: NDArray[np.float32] | None, width: float, height: float
) -> None:
    """Blurs the face of a pose on planes of a frame of that size, all of them where there is no
    pose."""
    face = None if keypoints is None else face_of(keypoints, width, height)
    for plane in planes:
        pixels = plane.pixels
        if face is None:
            short = min(pixels.shape[:2])
            pixels[:] = _coarse(pixels, max(1.0, short / _CELLS_WHOLE))
            continue
        x, y, radius = (value * plane.scale for value in face)
        top, bottom = _within(y, radius, pixels.shape[0])
        left, right = _within(x, radius, pixels.shape[1])
        if top >= bottom or left >= right:
            continue  # the head is outside the picture
        region = pixels[top:bottom, left:right]
        rows, columns = np.ogrid[top:bottom, left:right]
        inside = (rows + 0.5 - y) ** 2 + (columns + 0.5 - x) ** 2 <= radius**2
        region[inside] = _coarse(region, max(1.0, 2 * radius / _CELLS))[inside]


def _within(middle: float, radius: float, size: int) -> tuple[int, int]:
    return max(0, int(middle - radius)), min(size, int(middle + radius) + 1)


def _coarse(pixels: NDArray[np.uint8], cell: float) -> NDArray[np.uint8]:
    """The same in squares of `cell` pixels, each its mean."""
    height, width = pixels.shape[:2]
    few = (max(1, round(width / cell)), max(1, round(height / cell)))
    means = cv2.resize(np.ascontiguousarray(pixels), few, interpolation=cv2.INTER_AREA)
    squares = cv2.resize(means, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(squares, np.uint8).reshape(pixels.shape)
