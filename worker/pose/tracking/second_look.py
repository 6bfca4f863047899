"""Frames that are looked at again: where joints are seen far worse than around them.

A box that lags behind a fast body cuts limbs off, and the mask hides them. Seen in a wider crop the
pose is taken where it is surer and nearer to the frames around it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from worker.pose.geometry.boxes import Boxes, grow

FADED = 0.6
"""Share of a chunk's median score under which a pose is doubted: 1.1 % of the bench's frames."""
CLEAR = 0.4
"""Median score of a chunk in which joints are seen well enough for a doubt."""
MOST = 0.05
"""Share of a chunk's frames that are looked at again at most; at least one may be."""
WIDER = 1.35
"""How much wider the crop is: as much as a jumping jack's arms leave a box of before them by."""
SURER = 1.15
"""How much higher the mean score of the other pose must be."""

Pose = NDArray[np.float32]


def doubtful(keypoints: NDArray[np.float32]) -> list[int]:
    """The rows of joints [n, 17, 3] to look at again, the least sure first."""
    scores = keypoints[..., 2].mean(axis=1)
    seen = scores[scores > 0]
    if not len(seen) or (median := float(np.median(seen))) < CLEAR:
        return []
    rows = np.flatnonzero((scores > 0) & (scores < FADED * median))
    most = max(1, int(MOST * len(scores)))
    return [int(row) for row in rows[np.argsort(scores[rows], kind="stable")][:most]]


def looked_at_again(
    keypoints: NDArray[np.float32], boxes: Boxes, estimate: Callable[[int, Boxes], Pose]
) -> int:
    """Puts better poses into joints [n, 17, 3] where another look finds them; `boxes` [n, 4] are
    the subject's, all in pixels. Returns how many looks that took."""
    rows = doubtful(keypoints)
    scores = keypoints[..., 2].mean(axis=1)
    sure = np.setdiff1d(np.flatnonzero(scores > 0), rows)
    for row in rows:
        other = estimate(row, grow(boxes[row], WIDER))
        expected = _between(keypoints, sure, row)
        if other[:, 2].mean() < SURER * scores[row] or expected is None:
            continue
        if _apart(other, expected) <= _apart(keypoints[row], expected):
            keypoints[row] = other
    return len(rows)


def _between(keypoints: NDArray[np.float32], sure: NDArray[np.intp], row: int) -> Pose | None:
    """Where joints are expected by the nearest sure frames on both sides, else on one."""
    before, after = sure[sure < row][-1:], sure[sure > row][:1]
    near = [keypoints[int(n)] for n in (*before, *after)]
    if not near:
        return None
    expected: Pose = np.mean(near, axis=0)
    return expected


def _apart(pose: Pose, expected: Pose) -> float:
    return float(np.median(np.linalg.norm(pose[:, :2] - expected[:, :2], axis=1)))
