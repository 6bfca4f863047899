"""Progress of a height in the picture over the level where the subject itself rests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.features import Floats

MEMORY = 8.0
"""Seconds that the resting level is taken from."""

LEVEL = 25
"""Percentile of the heights in that time that is the resting level: at least a quarter of it is
spent at rest, and a few frames below it are noise."""

ENOUGH = 0.4
"""Seconds of frames before there is a resting level."""


class RestLevel:
    """Keeps the last seconds of one feature; fed block by block, in order."""

    def __init__(self) -> None:
        self._kept: Floats = np.zeros((0, 3))

    def shares(
        self, seconds: Floats, heights: Floats, statures: Floats, ok: NDArray[np.bool_]
    ) -> Floats:
        """Height [n] over the resting level as a share of stature.

        `heights` and `statures` are in frame heights; only frames that are `ok` [n] tell the
        level. 0 while there is none.
        """
        new = np.stack((seconds, heights, statures), axis=1)[ok]
        self._kept = np.concatenate((self._kept[self._kept[:, 0] > seconds[0] - MEMORY], new))
        kept = self._kept
        if not len(kept) or kept[-1, 0] - kept[0, 0] < ENOUGH:
            return np.zeros(len(seconds))
        rest = np.percentile(kept[:, 1], LEVEL)
        shares: Floats = (heights - rest) / max(float(np.median(kept[:, 2])), 1e-6)
        return shares
