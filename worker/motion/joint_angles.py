"""Joint angles of the `angles` message, from the frame's own logged joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.features import Floats

_TRIPLES = ((11, 13, 15), (13, 11, 5), (11, 5, 7), (5, 7, 9))
"""End, vertex and other end of the left knee's, hip's, shoulder's and elbow's angle; those of the
right side are one higher."""
_ENDS, _VERTICES, _OTHERS = (
    np.array([triple[place] + side for triple in _TRIPLES for side in (0, 1)]) for place in range(3)
)


def joint_angles(joints: NDArray[np.float32], width: int, height: int) -> tuple[Floats, Floats]:
    """Angles in degrees [n, 8], 180 where straight, and their scores [n, 8].

    `joints` [n, 17, 3] are 0-1 of a frame of `width` by `height` pixels; columns are knee, hip,
    shoulder, elbow, each left then right. A score is the lowest of the three joints'.
    """
    points = joints[..., :2].astype(np.float64) * (width, height)
    first = points[:, _ENDS] - points[:, _VERTICES]
    second = points[:, _OTHERS] - points[:, _VERTICES]
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    dot = (first * second).sum(axis=-1)
    score = joints[..., 2].astype(np.float64)
    lowest = np.minimum(np.minimum(score[:, _ENDS], score[:, _VERTICES]), score[:, _OTHERS])
    return np.degrees(np.abs(np.arctan2(cross, dot))), lowest


def angle_rows(
    joints: NDArray[np.float32], width: int, height: int
) -> list[dict[str, dict[str, dict[str, float]]]]:
    """The `data` of an `angles` message for each of n frames; degrees to 0.1, scores to 0.001."""
    angles, scores = joint_angles(joints, width, height)
    degrees, marks = np.round(angles, 1).T.tolist(), np.round(scores, 3).T.tolist()
    sides = zip(
        map(_side, *degrees[::2], *marks[::2]),
        map(_side, *degrees[1::2], *marks[1::2]),
        strict=True,
    )
    return [{"left_side": left, "right_side": right} for left, right in sides]


def _side(
    knee: float, hip: float, shoulder: float, elbow: float,
    knee_score: float, hip_score: float, shoulder_score: float, elbow_score: float,
) -> dict[str, dict[str, float]]:  # fmt: skip
    return {
        "knee_angle": {"from_hip_to_ankle": knee, "score_from_hip_to_ankle": knee_score},
        "hip_angle": {"from_knee_to_shoulder": hip, "score_from_knee_to_shoulder": hip_score},
        "shoulder_angle": {
            "from_hip_to_elbow": shoulder,
            "score_from_hip_to_elbow": shoulder_score,
        },
        "elbow_angle": {
            "from_shoulder_to_wrist": elbow,
            "score_from_shoulder_to_wrist": elbow_score,
        },
    }
