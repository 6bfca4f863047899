"""The median of a few values."""

from __future__ import annotations

import numpy as np

from worker.motion.features.features import Floats


def median(values: Floats) -> Floats:
    """The median along the first axis, as `numpy.median` has it, for a fifth of its cost where
    values are few; none may be nan. Raises IndexError where there are none."""
    ordered = np.sort(values, axis=0)
    half = len(ordered) // 2
    if len(ordered) % 2:
        middle: Floats = ordered[half]
    else:
        middle = (ordered[half - 1] + ordered[half]) / 2
    return middle
