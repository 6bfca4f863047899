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
    """
    whole: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=1), np.bool_)
    known = np.concatenate(([0], np.cumsum(whole)))
    # a row behind the last one, as no window may end at the array's own end
    rows = np.vstack((np.where(whole[:, None], values, np.nan), np.full(values.shape[1], np.nan)))
    windows = np.stack((first, last + 1), axis=1).ravel()
    most, least = (end.reduceat(rows, windows)[::2] for end in (np.fmax, np.fmin))
    return np.nan_to_num(most - least, nan=-np.inf), known[last + 1] - known[first]
