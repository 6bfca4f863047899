"""How far values range over the last second, at every frame at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Floats


def trailing_ranges(
    values: Floats, first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Greatest less least of `values` [m, k] in the rows from `first` to `last`, [n] each, and in
    how many of those rows all values are finite: others are left out. The range of no rows is -inf.

    A table of the extremes over 1, 2, 4, ... rows gives that of any window from two entries
    (sparse table: Bender and Farach-Colton 2000).
    """
    whole: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=1), np.bool_)
    known = np.concatenate(([0], np.cumsum(whole)))
    # the least as the greatest of the negative: one table for both
    row = np.where(whole[:, None], np.concatenate((values, -values), axis=1), -np.inf)
    lengths = last - first + 1
    levels = np.frexp(lengths)[1] - 1
    most = np.empty((len(first), row.shape[1]))
    for level in range(int(levels.max()) + 1):
        if level:
            half = 1 << (level - 1)
            row = np.maximum(row[:-half], row[half:])
        chosen = np.flatnonzero(levels == level)
        ends = last[chosen] - (1 << level) + 1
        most[chosen] = np.maximum(row[first[chosen]], row[ends])
    count = values.shape[1]
    return most[:, :count] + most[:, count:], known[last + 1] - known[first]
