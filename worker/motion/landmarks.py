"""The 33 landmarks of MediaPipe Pose (BlazePose), and the 17 COCO joints among them.

Names and order: MediaPipe's `PoseLandmark` (Bazarevsky et al. 2020). Analysis always works on the
17; only the `keypoints` messages say all 33.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import COCO_NAMES

MEDIAPIPE_NAMES: tuple[str, ...] = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye",
    "right_eye_outer", "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky",
    "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel",
    "left_foot_index", "right_foot_index",
)  # fmt: skip

_COCO = np.array([MEDIAPIPE_NAMES.index(name) for name in COCO_NAMES])


def names_of(count: int) -> tuple[str, ...]:
    """Joint names of a log with `count` joints; raises ValueError where it is not 17 or 33."""
    for names in (COCO_NAMES, MEDIAPIPE_NAMES):
        if len(names) == count:
            return names
    raise ValueError(f"a pose has 17 or 33 joints, not {count}")


def coco_joints(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """The 17 COCO joints [n, 17, 3] of [n, 17 or 33, 3]; raises ValueError for other counts."""
    if names_of(joints.shape[1]) is COCO_NAMES:
        return joints
    chosen: NDArray[np.float32] = joints[:, _COCO]
    return chosen
