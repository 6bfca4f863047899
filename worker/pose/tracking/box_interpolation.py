"""The subject's box in every frame of a chunk, from the keyframes where it was detected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from worker.pose.geometry.boxes import Boxes

KEYFRAME_S = 0.2
"""Time between detections: a jumping jack's arms travel for about 0.5 s."""
BRIDGE_S = 1.5
"""Longest gap between two detections over which a box is interpolated."""


def keyframes(times_us: NDArray[np.int64], every_s: float = KEYFRAME_S) -> list[int]:
    """Rows to detect in: the first, the last, and one about every `every_s` seconds."""
    chosen = [0]
    for row in range(1, len(times_us) - 1):
        if times_us[row] - times_us[chosen[-1]] >= every_s * 1e6 - 1000:
            chosen.append(row)
    if len(times_us) > 1:
        chosen.append(len(times_us) - 1)
    return chosen


def interpolate(
    times_us: NDArray[np.int64], keys: Iterable[tuple[int, Boxes | None]]
) -> Iterator[tuple[int, Boxes]]:
    """A box for every frame from `keys`, rows with the box there: linear in time between known
    ones, none across long gaps. Frames come as soon as the key behind them is known, keys after
    what is before them."""
    last: tuple[int, Boxes] | None = None
    for end, high in keys:
        if high is None:
            continue
        if last is not None and times_us[end] - times_us[last[0]] <= BRIDGE_S * 1e6:
            start, low = last
            span = float(times_us[end] - times_us[start])
            for row in range(start + 1, end):
                share = np.float32((times_us[row] - times_us[start]) / span)
                yield row, (low + (high - low) * share).astype(np.float32)
        yield end, high
        last = end, high
