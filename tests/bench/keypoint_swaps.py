"""How often a pose log calls the left leg the right one for a while.

Judged by continuity alone, frame by frame and apart from what the engine does about it: an
exchange is where both legs stand clearly apart before and after, and each label's joints land at
less than half the distance if the labels are crossed, the motion so far taken into account. A swap
is what lies between two exchanges, or between one and the legs' next meeting or the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEFT, RIGHT = [11, 13, 15], [12, 14, 16]
APART = 0.06
"""Mean distance of a leg's joints from the other's, in sizes of the body, that is clearly apart."""
SHORTEST = 4
"""Frames: what is over sooner is a flicker that smoothing takes."""


@dataclass(frozen=True)
class Swaps:
    """Lengths in frames: of swaps, and of flickers too short to count."""

    swaps: tuple[int, ...]
    flickers: tuple[int, ...]


def _cost(predicted: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(predicted - found, axis=-1).sum())


def swaps(keypoints: NDArray[np.float32], aspect: float) -> Swaps:
    """The swaps in `keypoints` [n, 17, 3] (x, y as shares of a picture `aspect` times as wide as
    high; zero rows where nobody was found)."""
    joints = keypoints[..., :2].astype(np.float64) * (aspect, 1.0)
    there = keypoints[..., 2].mean(axis=1) > 0
    legs = np.stack([joints[:, LEFT], joints[:, RIGHT]], axis=1)  # [n, side, joint, 2]
    size = np.ptp(joints, axis=1).max(axis=-1) + 1e-9
    apart = np.linalg.norm(legs[:, 0] - legs[:, 1], axis=-1).mean(axis=-1) / size
    ended: list[int] = []
    since: int | None = None
    for row in range(1, len(legs)):
        if not (there[row] and there[row - 1]) or apart[row] < APART / 3:
            if since is not None:
                ended.append(row - since)
            since = None
            continue
        if not _exchanged(legs, there, row, apart):
            continue
        if since is None:
            since = row
        else:
            ended.append(row - since)
            since = None
    if since is not None:
        ended.append(len(legs) - since)
    return Swaps(
        tuple(run for run in ended if run >= SHORTEST),
        tuple(run for run in ended if run < SHORTEST),
    )


def _exchanged(
    legs: NDArray[np.float64], there: NDArray[np.bool_], row: int, apart: NDArray[np.float64]
) -> bool:
    if min(apart[row], apart[row - 1]) < APART:
        return False
    now, last = legs[row], legs[row - 1]
    crossed = _cost(last, now[::-1])
    kept = _cost(last, now)
    if row > 1 and there[row - 2]:
        kept = min(kept, _cost(2 * last - legs[row - 2], now))
    return crossed < kept / 2
