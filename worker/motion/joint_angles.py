"""Joint angles of the `angles` message, from the frame's own logged joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.message_parts import (
    ElbowAngle,
    HipAngle,
    JointAngles,
    KneeAngle,
    ShoulderAngle,
    SideAngles,
)
from worker.motion.features.body_segments import Floats

_TRIPLES = ((11, 13, 15), (13, 11, 5), (11, 5, 7), (5, 7, 9))
"""End, vertex and other end of the left knee's, hip's, shoulder's and elbow's angle; those of the
right side are one higher."""
_ENDS, _VERTICES, _OTHERS = (
    np.array([triple[place] + side for triple in _TRIPLES for side in (0, 1)]) for place in range(3)
)
_KINDS = KneeAngle, HipAngle, ShoulderAngle, ElbowAngle


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


def angle_rows(joints: NDArray[np.float32], width: int, height: int) -> list[JointAngles]:
    """The `data` of an `angles` message for each of n frames; degrees to 0.1, scores to 0.001."""
    angles, scores = joint_angles(joints, width, height)
    degrees, marks = np.round(angles, 1).T.tolist(), np.round(scores, 3).T.tolist()
    sides = (
        map(SideAngles, *map(map, _KINDS, degrees[side::2], marks[side::2])) for side in (0, 1)
    )
    return list(map(JointAngles, *sides))
