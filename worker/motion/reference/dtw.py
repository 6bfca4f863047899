"""Dynamic time warping: which moment of one movement is which of another.

The symmetric recurrence with slope constraint P = 0 of Sakoe and Chiba ("Dynamic programming
algorithm optimization for spoken word recognition", IEEE ASSP 26(1), 1978, eqs. 19-21):

    g(i, j) = min(g(i, j-1) + c(i, j), g(i-1, j-1) + 2 c(i, j), g(i-1, j) + c(i, j))

within their adjustment window |i - j| <= BAND, and the distance g(n, m) / (n + m).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Floats

BAND = 0.35
"""Half width of the window as a share of the longer side: a pause in one of them is no fault."""


@dataclass(frozen=True)
class Warp:
    """The best alignment of n moments with m: `distance` is the mean cost along it, `path` [k, 2]
    its steps from (0, 0) to (n - 1, m - 1)."""

    distance: float
    path: NDArray[np.int64]

    @property
    def skew(self) -> float:
        """Mean distance 0-1 of the path from even time: 0 where both run alike."""
        times = self.path / np.maximum(self.path[-1], 1)
        return float(np.abs(times[:, 0] - times[:, 1]).mean())


def warp(costs: Floats) -> Warp:
    """The best alignment for `costs` [n, m] >= 0; both ends of the two are matched."""
    n, m = costs.shape
    band = max(int(BAND * max(n, m)), abs(n - m) + 1)
    cost = costs.tolist()
    # a row and a column of infinity before the first moments, but for where a path begins
    total = [[float("inf")] * (m + 1) for _ in range(n + 1)]
    total[0][0] = 0.0
    for i in range(n):
        above, row = total[i], total[i + 1]
        for j in range(max(0, i - band), min(m, i + band + 1)):
            here = cost[i][j]
            row[j + 1] = min(row[j] + here, above[j + 1] + here, above[j] + 2 * here)
    return Warp(total[n][m] / (n + m), np.array(_path(total, cost)))


def _path(total: list[list[float]], cost: list[list[float]]) -> list[tuple[int, int]]:
    i, j = len(cost) - 1, len(cost[0]) - 1
    steps = [(i, j)]
    while i or j:
        here = cost[i][j]
        _, i, j = min(
            (total[i][j] + 2 * here, i - 1, j - 1),
            (total[i][j + 1] + here, i - 1, j),
            (total[i + 1][j] + here, i, j - 1),
        )
        steps.append((i, j))
    return steps[::-1]
