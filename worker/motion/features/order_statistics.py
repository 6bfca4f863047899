"""Median, quantiles and ranges.

Median and quantiles, of values none of which is nan, are those of numpy, bit for bit, for a fifth
of its cost where values are few.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Floats


def median(values: Floats) -> Floats:
    """The median along the first axis. Raises IndexError where there are none."""
    high = len(values) // 2
    low = (len(values) - 1) // 2
    ordered = np.partition(values, (low, high), axis=0)
    middle: Floats = (ordered[low] + ordered[high]) / 2
    return middle


def quantile(values: Floats, share: float) -> float:
    """The value below which `share` (0-1) of `values` [n] lie, linear between neighbours; nan of
    none."""
    if not len(values):
        return math.nan
    place = (len(values) - 1) * share
    low = int(place)
    high = min(low + 1, len(values) - 1)
    ordered = np.partition(values, (low, high))
    below, above = float(ordered[low]), float(ordered[high])
    part = place - low
    # from the nearer of both, as numpy does
    if part >= 0.5:
        return above - (above - below) * (1 - part)
    return below + (above - below) * part


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
