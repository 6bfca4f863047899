"""Draws one pose and the panel onto RGB pictures or straight onto the planes of YUV 4:2:0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import BONES, COCO_NAMES, COUNT
from worker.contract.landmarks import FACE_OUTLINE, LANDMARK_BONES, MEDIAPIPE_NAMES
from worker.media import theme
from worker.media.hud import Hud, panel

_SHIFT = 4  # cv2 takes coordinates in sixteenths of a pixel
_FARTHEST = 4.0  # frame sizes: cv2's integers overflow far beyond


Matrix = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Plane:
    """One plane to draw on: `pixels` uint8 [h, w] or [h, w, 3], its size relative to the frame
    (1 or 0.5), and the rows by which an RGB colour (0-255, then 1) becomes its values."""

    pixels: NDArray[np.uint8]
    scale: float
    matrix: Matrix

    def fixed(self, points: NDArray[np.float64]) -> list[list[int]]:
        """Frame coordinates [n, 2] in cv2's sixteenths of this plane's pixels."""
        # A plane's pixel centres lie half a pixel in.
        steps = (points * self.scale - 0.5) * (1 << _SHIFT)
        rows: list[list[int]] = np.rint(steps).astype(np.int64).tolist()
        return rows


_IDENTITY: Matrix = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))


@lru_cache(maxsize=256)
def _value(colour: theme.Colour, matrix: Matrix) -> tuple[float, ...]:
    values = np.array(matrix) @ np.array((*colour, 1.0))
    return tuple(float(value) for value in values)


def yuv_matrix(*, bt709: bool) -> Matrix:
    """Rows from RGB 0-255 to limited-range Y, U and V (ITU-R BT.709-6 and BT.601-7)."""
    red, blue = (0.2126, 0.0722) if bt709 else (0.299, 0.114)
    luma = np.array((red, 1 - red - blue, blue))
    u = (np.array((0.0, 0.0, 1.0)) - luma) / (2 * (1 - blue))
    v = (np.array((1.0, 0.0, 0.0)) - luma) / (2 * (1 - red))
    rows = np.stack((luma * 219, u * 224, v * 224)) / 255
    return tuple(
        (float(r), float(g), float(b), offset)
        for (r, g, b), offset in zip(rows, (16.0, 128.0, 128.0), strict=True)
    )


def rgb_planes(image: NDArray[np.uint8]) -> list[Plane]:
    """An RGB picture uint8 [h, w, 3] as something to draw on."""
    return [Plane(image, 1.0, _IDENTITY)]


def yuv_planes(data: NDArray[np.uint8], width: int, height: int, matrix: Matrix) -> list[Plane]:
    """A frame of yuv420p bytes [width * height * 3 / 2], even sides, as something to draw on."""
    area, quarter = width * height, width * height // 4
    half = (height // 2, width // 2)
    return [
        Plane(data[:area].reshape(height, width), 1.0, matrix[:1]),
        Plane(data[area : area + quarter].reshape(half), 0.5, matrix[1:2]),
        Plane(data[area + quarter : area + 2 * quarter].reshape(half), 0.5, matrix[2:]),
    ]


def draw_pose(
    planes: list[Plane], keypoints: NDArray[np.float32], width: float, height: float
) -> None:
    """Draws a pose onto planes: float32 [17 COCO joints or 33 landmarks, 3 or more] of x, y (0-1 of
    a frame of that size) and score."""
    if not np.isfinite(keypoints).all():
        return
    reach = np.clip(keypoints[:, :2].astype(np.float64), -_FARTHEST, _FARTHEST)
    points = reach * (width, height)
    scores = keypoints[:, 2]
    short = min(width, height)
    limb = max(theme.MINIMUM_PIXELS, short * theme.LIMB)
    joint = max(theme.MINIMUM_PIXELS, short * theme.JOINT)
    limbs = list(_limbs(scores, BONES if len(scores) == COUNT else LANDMARK_BONES))
    names = COCO_NAMES if len(scores) == COUNT else MEDIAPIPE_NAMES
    drawn = [
        index
        for index in np.flatnonzero(scores >= theme.DRAWN_FROM).tolist()
        if names[index] not in FACE_OUTLINE
    ]
    for plane in planes:
        fixed = plane.fixed(points)
        for first, second in limbs:
            _line(plane, fixed[first], fixed[second], limb * 1.6, theme.OUTLINE)
        for first, second in limbs:
            _line(plane, fixed[first], fixed[second], limb, _side(names[first], names[second]))
        for index in drawn:
            _dot(plane, fixed[index], joint, theme.OUTLINE)
            _dot(plane, fixed[index], joint * 0.65, _confidence(float(scores[index])))


def _limbs(
    scores: NDArray[np.float32], bones: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    for first, second in bones:
        if min(scores[first], scores[second]) >= theme.DRAWN_FROM:
            yield first, second


def _side(first: str, second: str) -> theme.Colour:
    if first.startswith("left_") != second.startswith("left_"):
        return theme.MIDDLE
    return theme.LEFT if first.startswith("left_") else theme.RIGHT


def _confidence(score: float) -> theme.Colour:
    if score >= theme.SURE_FROM:
        return theme.SURE
    return theme.DOUBTFUL if score >= theme.DOUBTFUL_FROM else theme.UNSURE


def _line(
    plane: Plane, start: list[int], end: list[int], thickness: float, colour: theme.Colour
) -> None:
    wide = max(1, round(thickness * plane.scale))
    value = _value(colour, plane.matrix)
    cv2.line(plane.pixels, start, end, value, wide, cv2.LINE_AA, _SHIFT)


def _dot(plane: Plane, centre: list[int], radius: float, colour: theme.Colour) -> None:
    wide = max(1 << _SHIFT, round(radius * plane.scale * (1 << _SHIFT)))
    value = _value(colour, plane.matrix)
    cv2.circle(plane.pixels, centre, wide, value, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def draw_hud(planes: list[Plane], hud: Hud, width: int, height: int) -> None:
    """Blends the panel into the upper left corner of a frame of that size."""
    if hud.empty:
        return
    margin, pixels = panel(hud, width, height)
    for plane in planes:
        _blend(plane, pixels, margin)


def _blend(plane: Plane, pixels: NDArray[np.uint8], margin: int) -> None:
    if plane.scale != 1.0:
        size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    place = round(margin * plane.scale)
    target = plane.pixels[place : place + pixels.shape[0], place : place + pixels.shape[1]]
    patch = pixels[: target.shape[0], : target.shape[1]].astype(np.float32)
    opacity = patch[..., 3:] / 255
    rows = np.array(plane.matrix, np.float32)
    colours = patch[..., :3] @ rows[:, :3].T + rows[:, 3]
    under = target if target.ndim == 3 else target[..., None]
    under[:] = np.clip(under + (colours - under) * opacity + 0.5, 0, 255).astype(np.uint8)
