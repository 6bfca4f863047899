"""Joint angles of the `angles` message, from the frame's own logged joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.messages import Angles
from worker.motion.features.features import Floats

# (name, end, vertex, other end) by side: the angle at the vertex, and the message's key.
_TRIPLES: tuple[tuple[str, str, tuple[int, int, int], tuple[int, int, int]], ...] = (
    ("knee_angle", "from_hip_to_ankle", (11, 13, 15), (12, 14, 16)),
    ("hip_angle", "from_knee_to_shoulder", (13, 11, 5), (14, 12, 6)),
    ("shoulder_angle", "from_hip_to_elbow", (11, 5, 7), (12, 6, 8)),
    ("elbow_angle", "from_shoulder_to_wrist", (5, 7, 9), (6, 8, 10)),
)
_ENDS = np.array([side[0] for row in _TRIPLES for side in row[2:]])
_VERTICES = np.array([side[1] for row in _TRIPLES for side in row[2:]])
_OTHERS = np.array([side[2] for row in _TRIPLES for side in row[2:]])
_KEYS = tuple((name, key, f"score_{key}") for name, key, _, _ in _TRIPLES)


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
    degrees, marks = np.round(angles, 1), np.round(scores, 3)
    left, right = (
        list(map(_side, degrees[:, side::2].tolist(), marks[:, side::2].tolist()))
        for side in (0, 1)
    )
    return [{"left_side": a, "right_side": b} for a, b in zip(left, right, strict=True)]


def _side(degrees: list[float], marks: list[float]) -> dict[str, dict[str, float]]:
    return {
        name: {key: angle, score: mark}
        for (name, key, score), angle, mark in zip(_KEYS, degrees, marks, strict=True)
    }


def angles_message(
    frame: int, time_us: int, data: dict[str, dict[str, dict[str, float]]]
) -> Angles:
    """The `angles` message of one frame."""
    return Angles(timestampMs=round(time_us / 1000, 1), frameId=frame, data=data)
