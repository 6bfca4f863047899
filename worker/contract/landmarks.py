"""The 33 landmarks of MediaPipe Pose (BlazePose): names, bones, and the COCO joints among them.

Names and order: MediaPipe's `PoseLandmark` (Bazarevsky et al. 2020).
"""

from __future__ import annotations

from worker.contract.keypoints import BONES, COCO_NAMES

MEDIAPIPE_NAMES: tuple[str, ...] = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye",
    "right_eye_outer", "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky",
    "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel",
    "left_foot_index", "right_foot_index",
)  # fmt: skip

FACE_OUTLINE: frozenset[str] = frozenset(
    ("left_eye_inner", "left_eye_outer", "right_eye_inner", "right_eye_outer", "mouth_left",
     "mouth_right")
)  # fmt: skip
"""Landmarks that are not drawn, as they lie too close to others."""

COCO_PLACES: tuple[int, ...] = tuple(MEDIAPIPE_NAMES.index(name) for name in COCO_NAMES)
"""Index of each of the 17 COCO keypoints among the 33 landmarks."""

_OUTER = (
    ("wrist", "pinky"), ("wrist", "index"), ("wrist", "thumb"), ("pinky", "index"),
    ("ankle", "heel"), ("ankle", "foot_index"), ("heel", "foot_index"),
)  # fmt: skip

LANDMARK_BONES: tuple[tuple[int, int], ...] = (
    *((COCO_PLACES[first], COCO_PLACES[second]) for first, second in BONES),
    *(
        (MEDIAPIPE_NAMES.index(f"{side}_{first}"), MEDIAPIPE_NAMES.index(f"{side}_{second}"))
        for first, second in _OUTER
        for side in ("left", "right")
    ),
)
"""Pairs of landmarks that are drawn as limbs: COCO's, hands and feet."""


def names_of(count: int) -> tuple[str, ...]:
    """Joint names of a log with `count` joints; raises ValueError where it is not 17 or 33."""
    for names in (COCO_NAMES, MEDIAPIPE_NAMES):
        if len(names) == count:
            return names
    raise ValueError(f"a pose has 17 or 33 joints, not {count}")
