"""A block of frames as the followers of an exercise get it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.motion.features import Body


@dataclass(frozen=True)
class Frames:
    """n consecutive frames from the index `first`: `times_us` [n], the logged `joints` [n, 17, 3]
    (0-1 of the frame, score), the smoothed `body`, and `known` [n]: whether it has joints."""

    first: int
    times_us: NDArray[np.int64]
    joints: NDArray[np.float32]
    body: Body
    known: NDArray[np.bool_]
