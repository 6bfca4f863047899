"""Geometry of boxes: float32 [..., 4] of x0, y0, x1, y1 in pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def area(boxes: Boxes) -> NDArray[np.float32]:
    """Area of each box; 0 where it is empty."""
    size = np.clip(boxes[..., 2:] - boxes[..., :2], 0, None)
    result: NDArray[np.float32] = size[..., 0] * size[..., 1]
    return result


def iou(one: Boxes, many: Boxes) -> NDArray[np.float32]:
    """Intersection over union of one box [4] with many [n, 4]."""
    low = np.maximum(one[:2], many[:, :2])
    high = np.minimum(one[2:], many[:, 2:])
    size = np.clip(high - low, 0, None)
    shared = size[:, 0] * size[:, 1]
    union = area(one) + area(many) - shared
    result: NDArray[np.float32] = shared / np.maximum(union, 1e-6)
    return result


def covered(one: Boxes, other: Boxes) -> float:
    """Share of box `one` [4] that lies within `other` [4], 0-1."""
    mine, _, shared = _areas(one, other)
    return shared / max(mine, 1e-6)


def _areas(one: Boxes, other: Boxes) -> tuple[float, float, float]:
    """Areas of two boxes [4] and of what they share: numpy takes 30 times as long for four
    numbers."""
    left, top, right, bottom = one.tolist()
    x0, y0, x1, y1 = other.tolist()
    mine = max(right - left, 0.0) * max(bottom - top, 0.0)
    theirs = max(x1 - x0, 0.0) * max(y1 - y0, 0.0)
    wide, high = min(right, x1) - max(left, x0), min(bottom, y1) - max(top, y0)
    return mine, theirs, max(wide, 0.0) * max(high, 0.0)


def suppress(boxes: Boxes, scores: NDArray[np.float32], overlap: float) -> NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the boxes that remain, best first.

    `overlap` is the highest IoU at which both of two boxes remain.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(order):
        best = order[0]
        kept.append(int(best))
        order = order[1:][iou(boxes[best], boxes[order[1:]]) <= overlap]
    return np.array(kept, np.intp)


def grow(box: Boxes, factor: float) -> Boxes:
    """The box scaled by `factor` around its centre."""
    centre = (box[..., :2] + box[..., 2:]) / 2
    half = (box[..., 2:] - box[..., :2]) * (factor / 2)
    return np.concatenate([centre - half, centre + half], axis=-1).astype(np.float32)


def around(keypoints: NDArray[Any], score: float = 0.2, margin: float = 1.1) -> Boxes | None:
    """The box around the joints [n, 3 or more] with a score above `score`, grown by `margin`.

    None if there are fewer than four.
    """
    seen = keypoints[keypoints[:, 2] > score, :2]
    if len(seen) < 4:
        return None
    tight = np.concatenate([seen.min(0), seen.max(0)]).astype(np.float32)
    return grow(tight, margin)


def closeness(one: Boxes, other: Boxes) -> float:
    """How likely two boxes of consecutive detections are one person, 0-1: IoU, or more.

    Fast movers overlap little, so centres within half a body size with similar area count too.
    """
    mine, theirs, shared = _areas(one, other)
    overlap = shared / max(mine + theirs - shared, 1e-6)
    size = math.sqrt(max(mine, theirs, 1e-6))
    left, top, right, bottom = one.tolist()
    x0, y0, x1, y1 = other.tolist()
    distance = math.hypot((left + right - x0 - x1) / 2, (top + bottom - y0 - y1) / 2)
    ratio = min(mine, theirs) / max(mine, theirs, 1e-6)
    return max(overlap, 0.6 * ratio * max(0.0, 1 - distance / (0.75 * size)))
