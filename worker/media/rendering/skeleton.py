"""Draws one pose onto RGB pictures or straight onto the planes of YUV 4:2:0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import BONES, COCO_NAMES, COUNT
from worker.contract.landmarks import FACE_OUTLINE, LANDMARK_BONES, MEDIAPIPE_NAMES
from worker.media.rendering import theme
from worker.media.rendering.planes import SHIFT, Plane, pixels_of

_Point = list[int]


@dataclass(frozen=True)
class _Figure:
    """What is drawn of a kind of pose: limbs as (joint, joint, colour), and joints."""

    limbs: tuple[tuple[int, int, theme.Colour], ...]
    joints: tuple[int, ...]


@lru_cache(maxsize=2)
def _figure(count: int) -> _Figure:
    coco = count == COUNT
    names, bones = (COCO_NAMES, BONES) if coco else (MEDIAPIPE_NAMES, LANDMARK_BONES)
    return _Figure(
        limbs=tuple((a, b, _side(names[a], names[b])) for a, b in bones),
        joints=tuple(n for n, name in enumerate(names) if name not in FACE_OUTLINE),
    )


def _side(first: str, second: str) -> theme.Colour:
    if first.startswith("left_") != second.startswith("left_"):
        return theme.MIDDLE
    return theme.LEFT if first.startswith("left_") else theme.RIGHT


def _confidence(score: float) -> theme.Colour:
    if score >= theme.SURE_FROM:
        return theme.SURE
    return theme.DOUBTFUL if score >= theme.DOUBTFUL_FROM else theme.UNSURE


def draw_pose(
    planes: list[Plane],
    keypoints: NDArray[np.float32],
    width: float,
    height: float,
    focus: int = 0,
) -> None:
    """Draws a pose onto planes: float32 [17 COCO joints or 33 landmarks, 3 or more] of x, y (0-1 of
    a frame of that size) and score. Joints whose bit is set in `focus`, and the limbs between them,
    stand out."""
    if not np.isfinite(keypoints).all():
        return
    points = pixels_of(keypoints[:, :2], width, height)
    scores = keypoints[:, 2].tolist()
    figure = _figure(len(scores))
    seen = [score >= theme.DRAWN_FROM for score in scores]
    limbs: dict[theme.Colour, list[tuple[int, int]]] = {}
    for first, second, colour in figure.limbs:
        if seen[first] and seen[second]:
            limbs.setdefault(colour, []).append((first, second))
    # a joint is a stroke of no length
    joints: dict[theme.Colour, list[tuple[int, int]]] = {}
    for joint in figure.joints:
        if seen[joint]:
            joints.setdefault(_confidence(scores[joint]), []).append((joint, joint))
    short = min(width, height)
    limb = max(theme.MINIMUM_PIXELS, short * theme.LIMB)
    wide = 2 * max(theme.MINIMUM_PIXELS, short * theme.JOINT)
    for plane in planes:
        _strokes(plane, points, limbs, limb, limb * theme.LIMB_OUTLINE)
        _strokes(plane, points, joints, wide * theme.JOINT_FILL, wide)
    if focus:
        _draw_focus(planes, points, seen, figure, focus, limb * theme.FOCUS_WIDTH)


def _draw_focus(
    planes: list[Plane],
    points: NDArray[np.float64],
    seen: list[bool],
    figure: _Figure,
    focus: int,
    limb: float,
) -> None:
    shown = [ok and bool(focus >> place & 1) for place, ok in enumerate(seen)]
    strokes = [
        (first, second) for first, second, _ in figure.limbs if shown[first] and shown[second]
    ]
    dots = [(place, place) for place, ok in enumerate(shown) if ok]
    for plane in planes:
        _strokes(plane, points, {theme.FOCUS: strokes + dots}, limb, limb * theme.LIMB_OUTLINE)
        _strokes(plane, points, {theme.FOCUS: dots}, 2 * limb, 2 * limb * theme.LIMB_OUTLINE)


def _strokes(
    plane: Plane,
    points: NDArray[np.float64],
    strokes: dict[theme.Colour, list[tuple[int, int]]],
    inner: float,
    outer: float,
) -> None:
    """Outlined strokes between points, by colour; few calls, as each costs more than its pixels.

    Chroma gets the colour alone, outline and all: that is a dark shade of it, then.
    """
    pieces = {colour: list(plane.fixed(points[pairs])) for colour, pairs in strokes.items()}
    whole = plane.chroma
    if not whole:
        every = [piece for some in pieces.values() for piece in some]
        _lines(plane, every, outer, plane.ink.of(theme.OUTLINE))
    for colour, some in pieces.items():
        _lines(plane, some, outer if whole else inner, plane.ink.of(colour))


def _lines(
    plane: Plane, pieces: list[NDArray[np.int32]], thickness: float, value: tuple[float, ...]
) -> None:
    wide = max(1, round(thickness * plane.scale))
    cv2.polylines(plane.pixels, pieces, False, value, wide, edges(plane), SHIFT)


def edges(plane: Plane) -> int:
    """cv2's kind of line. Soft edges show in luma alone, and cost three times as much."""
    return cv2.LINE_AA if not plane.chroma else cv2.LINE_8


def dot(plane: Plane, centre: _Point, radius: float, value: tuple[float, ...]) -> None:
    """A filled circle of a radius in pixels of the frame."""
    wide = max(1 << SHIFT, round(radius * plane.scale * (1 << SHIFT)))
    cv2.circle(plane.pixels, centre, wide, value, cv2.FILLED, edges(plane), SHIFT)
