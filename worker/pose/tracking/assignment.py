"""The assignment of detections to tracks that gains most in all (Kuhn 1955, by shortest augmenting
paths as in Jonker and Volgenant 1987)."""

from __future__ import annotations

import math
from collections.abc import Sequence


def assign(gains: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs of row and column of the matrix `gains`, each row and column at most once, with the
    largest sum; pairs that gain nothing are left out. In order of rows."""
    rows, columns = len(gains), len(gains[0]) if gains else 0
    if not rows or not columns:
        return []
    if rows > columns:
        turned = assign([[row[column] for row in gains] for column in range(columns)])
        return sorted((row, column) for column, row in turned)
    row_of = _columns(gains, rows, columns)
    pairs = ((row, column) for column, row in enumerate(row_of) if row >= 0)
    return sorted(pair for pair in pairs if gains[pair[0]][pair[1]] > 0)


def _columns(gains: Sequence[Sequence[float]], rows: int, columns: int) -> list[int]:
    """The row of each column, -1 where it has none; no more rows than columns."""
    # index 0 stands for "none", so rows and columns count from 1
    prices_of_rows, prices = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0], column = row, 0
        least, came = [math.inf] * (columns + 1), [0] * (columns + 1)
        used = [False] * (columns + 1)
        while row_of[column]:
            used[column] = True
            here, step, following = row_of[column], math.inf, 0
            for other in range(1, columns + 1):
                if used[other]:
                    continue
                cost = -gains[here - 1][other - 1] - prices_of_rows[here] - prices[other]
                if cost < least[other]:
                    least[other], came[other] = cost, column
                if least[other] < step:
                    step, following = least[other], other
            for other in range(columns + 1):
                if used[other]:
                    prices_of_rows[row_of[other]] += step
                    prices[other] -= step
                else:
                    least[other] -= step
            column = following
        while column:
            row_of[column] = row_of[came[column]]
            column = came[column]
    return [row - 1 for row in row_of[1:]]
