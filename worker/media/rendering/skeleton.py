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


def _confidence(score: float) -> theme.Colour | None:
    """The colour of a joint; None where it is not drawn."""
    if score >= theme.SURE_FROM:
        return theme.SURE
    if score >= theme.DOUBTFUL_FROM:
        return theme.DOUBTFUL
    return theme.UNSURE if score >= theme.DRAWN_FROM else None


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
    marks = tuple(map(_confidence, keypoints[:, 2].tolist()))
    strokes = _strokes(marks, focus, min(width, height))
    placed = {plane.scale: plane.fixed(points) for plane in planes}
    for plane in planes:
        for some in strokes:
            some.draw(plane, placed[plane.scale])


@lru_cache(maxsize=256)
def _strokes(
    marks: tuple[theme.Colour | None, ...], focus: int, short: float
) -> tuple[_Strokes, ...]:
    """What is drawn of joints of these colours, None where one is not seen, in frames whose shorter
    side is `short` pixels. Kept, as it seldom changes from one frame to the next."""
    figure = _figure(len(marks))
    limbs: dict[theme.Colour, list[tuple[int, int]]] = {}
    for first, second, colour in figure.limbs:
        if marks[first] and marks[second]:
            limbs.setdefault(colour, []).append((first, second))
    # a joint is a stroke of no length
    joints: dict[theme.Colour, list[tuple[int, int]]] = {}
    for joint in figure.joints:
        if mark := marks[joint]:
            joints.setdefault(mark, []).append((joint, joint))
    limb = max(theme.MINIMUM_PIXELS, short * theme.LIMB)
    wide = 2 * max(theme.MINIMUM_PIXELS, short * theme.JOINT)
    strokes = [
        _Strokes(limbs, limb, limb * theme.LIMB_OUTLINE),
        _Strokes(joints, wide * theme.JOINT_FILL, wide),
    ]
    if focus:
        strokes += _focused(figure, marks, focus, limb * theme.FOCUS_WIDTH)
    return tuple(strokes)


def _focused(
    figure: _Figure, marks: tuple[theme.Colour | None, ...], focus: int, limb: float
) -> list[_Strokes]:
    shown = [mark is not None and bool(focus >> place & 1) for place, mark in enumerate(marks)]
    limbs = [(first, second) for first, second, _ in figure.limbs if shown[first] and shown[second]]
    dots = [(place, place) for place, ok in enumerate(shown) if ok]
    return [
        _Strokes({theme.FOCUS: limbs + dots}, limb, limb * theme.LIMB_OUTLINE),
        _Strokes({theme.FOCUS: dots}, 2 * limb, 2 * limb * theme.LIMB_OUTLINE),
    ]


class _Strokes:
    """Outlined strokes between joints, by colour, `inner` and with their outline `outer` pixels of
    the frame thick; few calls, as each costs more than its pixels."""

    def __init__(
        self, pairs: dict[theme.Colour, list[tuple[int, int]]], inner: float, outer: float
    ) -> None:
        # fancy indexing takes arrays ten times as fast as lists
        self._pairs = {colour: np.array(some, np.intp) for colour, some in pairs.items() if some}
        self._every = np.concatenate([*self._pairs.values(), np.empty((0, 2), np.intp)])
        self._inner, self._outer = inner, outer

    def draw(self, plane: Plane, placed: NDArray[np.int32]) -> None:
        """Draws them between the joints at `placed`, in cv2's parts of the plane's pixels.

        Chroma gets the colour alone, outline and all: that is a dark shade of it, then.
        """
        if not plane.chroma:
            _lines(plane, placed[self._every], self._outer, plane.ink.of(theme.OUTLINE))
        thickness = self._outer if plane.chroma else self._inner
        for colour, pairs in self._pairs.items():
            _lines(plane, placed[pairs], thickness, plane.ink.of(colour))


def _lines(
    plane: Plane, pieces: NDArray[np.int32], thickness: float, value: tuple[float, ...]
) -> None:
    """Draws the lines of `pieces` [n, 2 ends, 2]."""
    wide = max(1, round(thickness * plane.scale))
    cv2.polylines(plane.pixels, list(pieces), False, value, wide, edges(plane), SHIFT)


def edges(plane: Plane) -> int:
    """cv2's kind of line. Soft edges show in luma alone, and cost three times as much."""
    return cv2.LINE_AA if not plane.chroma else cv2.LINE_8


def dot(plane: Plane, centre: _Point, radius: float, value: tuple[float, ...]) -> None:
    """A filled circle of a radius in pixels of the frame."""
    wide = max(1 << SHIFT, round(radius * plane.scale * (1 << SHIFT)))
    cv2.circle(plane.pixels, centre, wide, value, cv2.FILLED, edges(plane), SHIFT)
