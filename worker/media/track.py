"""Poses looked up by time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONGEST_GAP_US = 500_000
"""Poses further apart than this are not joined: a body moves visibly in half a second."""


@dataclass(frozen=True)
class PoseTrack:
    """Analysed frames of one subject: `times_us` int64 [n], rising; `keypoints` float32
    [n, 17, 3], rows of zero score where nobody was found."""

    times_us: NDArray[np.int64]
    keypoints: NDArray[np.float32]

    def at(self, time_us: int, tolerance_us: int) -> NDArray[np.float32] | None:
        """The pose float32 [17, 3] at a time: the nearest within the tolerance, else between its
        two neighbours; None where there is none."""
        count = len(self.times_us)
        after = int(np.searchsorted(self.times_us, time_us))
        near = [place for place in (after - 1, after) if 0 <= place < count]
        if not near:
            return None
        nearest = min(near, key=lambda place: abs(int(self.times_us[place]) - time_us))
        if abs(int(self.times_us[nearest]) - time_us) <= tolerance_us:
            return self._present(nearest)
        if len(near) < 2:
            return None
        return self._between(near[0], near[1], time_us)

    def _present(self, place: int) -> NDArray[np.float32] | None:
        pose = self.keypoints[place]
        return pose if pose[:, 2].any() else None

    def _between(self, before: int, after: int, time_us: int) -> NDArray[np.float32] | None:
        first, second = self._present(before), self._present(after)
        start, end = int(self.times_us[before]), int(self.times_us[after])
        if first is None or second is None or end - start > _LONGEST_GAP_US:
            return None
        part = np.float32((time_us - start) / (end - start))
        pose = first + (second - first) * part
        pose[:, 2] = np.minimum(first[:, 2], second[:, 2])
        return pose
