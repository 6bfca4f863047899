"""The subject's box in every frame of a chunk, from the keyframes where it was detected."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.pose.boxes import Boxes

KEYFRAME_S = 0.2
"""Time between detections: a jumping jack's arms travel for about 0.5 s."""
BRIDGE_S = 1.5
"""Longest gap between two detections over which a box is interpolated."""


def keyframes(times_us: NDArray[np.int64]) -> list[int]:
    """Rows to detect in: the first, the last, and one about every KEYFRAME_S."""
    chosen = [0]
    for row in range(1, len(times_us) - 1):
        if times_us[row] - times_us[chosen[-1]] >= KEYFRAME_S * 1e6 - 1000:
            chosen.append(row)
    if len(times_us) > 1:
        chosen.append(len(times_us) - 1)
    return chosen


def interpolate(
    times_us: NDArray[np.int64], rows: Sequence[int], boxes: Sequence[Boxes | None]
) -> list[Boxes | None]:
    """A box for every frame: linear in time between known keyframes, None across long gaps."""
    known = [(row, box) for row, box in zip(rows, boxes, strict=True) if box is not None]
    path: list[Boxes | None] = [None] * len(times_us)
    for row, box in known:
        path[row] = box
    for (start, low), (end, high) in itertools.pairwise(known):
        span = float(times_us[end] - times_us[start])
        if span > BRIDGE_S * 1e6:
            continue
        for row in range(start + 1, end):
            share = np.float32((times_us[row] - times_us[start]) / span)
            path[row] = (low + (high - low) * share).astype(np.float32)
    return path
