"""Dynamic time warping: which moment of one movement is which of another.

The symmetric recurrence with slope constraint P = 0 of Sakoe and Chiba ("Dynamic programming
algorithm optimization for spoken word recognition", IEEE ASSP 26(1), 1978, eqs. 19-21):

    g(i, j) = min(g(i, j-1) + c(i, j), g(i-1, j-1) + 2 c(i, j), g(i-1, j) + c(i, j))

within their adjustment window |i - j| <= BAND, and the distance g(n, m) / (n + m).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.motion.features.body_segments import Floats

BAND = 0.35
"""Half width of the window as a share of the longer side: a pause in one of them is no fault."""


@dataclass(frozen=True)
class Warp:
    """`distance` is the mean cost along the best path; `rows` and `columns` are its steps."""

    distance: float
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def warp(costs: Floats) -> Warp:
    """The best alignment for `costs` [n, m] >= 0; both ends of the two are matched."""
    n, m = costs.shape
    band = max(int(BAND * max(n, m)), abs(n - m) + 1)
    inf = float("inf")
    cost = costs.tolist()
    total = [[inf] * m for _ in range(n)]
    total[0][0] = 2 * cost[0][0]
    for i in range(n):
        row, above = total[i], total[i - 1] if i else None
        for j in range(max(0, i - band), min(m, i + band + 1)):
            if i == j == 0:
                continue
            here = cost[i][j]
            best = row[j - 1] + here if j else inf
            if above is not None:
                best = min(best, above[j] + here)
                if j:
                    best = min(best, above[j - 1] + 2 * here)
            row[j] = best
    rows, columns = _path(total, cost)
    return Warp(total[-1][-1] / (n + m), rows, columns)


def _path(
    total: list[list[float]], cost: list[list[float]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    i, j = len(total) - 1, len(total[0]) - 1
    steps = [(i, j)]
    while i or j:
        here = cost[i][j]
        ways = [
            (total[i - 1][j - 1] + 2 * here, i - 1, j - 1) if i and j else None,
            (total[i - 1][j] + here, i - 1, j) if i else None,
            (total[i][j - 1] + here, i, j - 1) if j else None,
        ]
        _, i, j = min(way for way in ways if way is not None)
        steps.append((i, j))
    steps.reverse()
    return tuple(i for i, _ in steps), tuple(j for _, j in steps)


def skew(found: Warp, n: int, m: int) -> float:
    """Mean distance 0-1 of a path from even time: 0 where both run alike."""
    i, j = np.array(found.rows) / max(n - 1, 1), np.array(found.columns) / max(m - 1, 1)
    return float(np.abs(i - j).mean())
