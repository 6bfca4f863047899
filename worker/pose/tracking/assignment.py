"""Which detection is whose: the assignment of the highest sum (Kuhn-Munkres)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(gains: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The pairs (row, column) of `gains` [n, m] with the highest sum, each row and column in one at
    most and no pair without a gain.

    Shortest augmenting paths with potentials, O(n m (n + m)): a few people need no SciPy.
    """
    rows, columns = gains.shape
    # as many columns without a gain as rows: nobody has to be anywhere
    cost = np.hstack([-gains, np.zeros((rows, rows))])
    width = columns + rows
    owner = np.full(width + 1, -1)  # row of each column; the last is where a path begins
    row_price, price = np.zeros(rows), np.zeros(width + 1)
    for row in range(rows):
        owner[width], column = row, width
        least, way = np.full(width, np.inf), np.full(width, width)
        free = np.ones(width, bool)
        while owner[column] >= 0:
            if column < width:
                free[column] = False
            own = owner[column]
            reduced = cost[own] - row_price[own] - price[:width]
            nearer = free & (reduced < least)
            least[nearer], way[nearer] = reduced[nearer], column
            following = int(np.argmin(np.where(free, least, np.inf)))
            step = least[following]
            passed = np.append(~free, True)
            row_price[owner[passed]] += step
            price[passed] -= step
            least[free] -= step
            column = following
        while column < width:
            owner[column], column = owner[way[column]], way[column]
        owner[width] = -1
    found = [(int(owner[column]), column) for column in range(columns) if owner[column] >= 0]
    return sorted(pair for pair in found if gains[pair] > 0)
