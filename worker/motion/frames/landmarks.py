"""Logs of 17 joints or of 33 landmarks: analysis always works on the 17 COCO joints; only the
`keypoints` messages say all 33.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import COCO_NAMES
from worker.contract.landmarks import COCO_PLACES, MEDIAPIPE_NAMES

_COCO = np.array(COCO_PLACES)


def names_of(count: int) -> tuple[str, ...]:
    """Joint names of a log with `count` joints; raises ValueError where it is not 17 or 33."""
    for names in (COCO_NAMES, MEDIAPIPE_NAMES):
        if len(names) == count:
            return names
    raise ValueError(f"a pose has 17 or 33 joints, not {count}")


def coco_joints(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """The 17 COCO joints [n, 17, 3] of [n, 17 or 33, 3 or more]; raises ValueError for other
    counts.
    """
    if names_of(joints.shape[1]) is COCO_NAMES:
        return joints
    chosen: NDArray[np.float32] = joints[:, _COCO, :3]
    return chosen
