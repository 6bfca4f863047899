"""Logged joints as `keypoints`, `keypoints_batch` and `angles` say them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.contract.landmarks import names_of
from worker.contract.message_parts import (
    ElbowAngle,
    HipAngle,
    JointAngles,
    Keypoint,
    KneeAngle,
    PoseSample,
    ShoulderAngle,
    SideAngles,
    World,
)
from worker.contract.poses import PLANE
from worker.motion.features.body_segments import Body, Floats

_encode = msgspec.json.Encoder().encode
_ANGLES = (
    (KneeAngle, ("hip", "knee", "ankle")),
    (HipAngle, ("knee", "hip", "shoulder")),
    (ShoulderAngle, ("hip", "shoulder", "elbow")),
    (ElbowAngle, ("shoulder", "elbow", "wrist")),
)
"""Type of each angle, and its end, vertex and other end."""


def samples_of(
    frames: Iterable[int], times_us: Iterable[int], joints: NDArray[np.float32]
) -> list[PoseSample]:
    """The poses of frames by number and time, as `keypoints_batch` has them, from their joints
    [n, 17 or 33, 3 or 7]: x, y, z to 5 decimals, scores to 3, of which the pose's, the mean of its
    joints', is exactly 0 only where nobody was found; places in metres to a tenth of a
    millimetre.

    `keypoints` and `world` are JSON already (`msgspec.Raw`): two messages have them, and most of
    their cost is the numbers' digits."""
    names = names_of(joints.shape[1])
    exact = joints.astype(np.float64)
    depths = np.zeros(exact.shape[:2])
    worlds: Sequence[object] = (None,) * len(joints)
    if joints.shape[2] > PLANE:
        # + 0.0: no "-0.0" in a message
        depths = np.round(exact[..., PLANE], 5) + 0.0
        worlds = _encoded((np.round(exact[..., PLANE + 1 :], 4) + 0.0).tolist())
    places, scores = np.round(exact[..., :2], 5), np.round(exact[..., 2], 3)
    columns = places[..., 0], places[..., 1], depths, scores
    points = map(Keypoint, names * len(joints), *(column.ravel().tolist() for column in columns))
    poses = _encoded(zip(*[points] * len(names), strict=True))
    means = np.round(exact[..., 2].mean(axis=1), 3).tolist()
    return [
        PoseSample(
            timestampMs=round(time / 1000, 1),
            frameId=frame,
            score=score,
            keypoints=cast("tuple[Keypoint, ...]", pose),
            world=cast("World | None", world),
        )
        for frame, time, score, pose, world in zip(
            frames, times_us, means, poses, worlds, strict=True
        )
    ]


def _encoded(values: Iterable[object]) -> list[msgspec.Raw]:
    return [msgspec.Raw(_encode(value)) for value in values]


def joint_angles(joints: NDArray[np.float32], width: int, height: int) -> tuple[Floats, Floats]:
    """Angles in degrees [n, 8], 180 where straight, and their scores [n, 8].

    `joints` [n, 17, 3] are 0-1 of a frame of `width` by `height` pixels; columns are knee, hip,
    shoulder, elbow, each left then right. A score is the lowest of the three joints'.
    """
    body = Body(*(joints * np.array((width, height, 1.0))).transpose(2, 0, 1))
    angles = [body.angle(*ends) for _, ends in _ANGLES]
    return np.hstack(angles), np.hstack([body.seen(ends) for _, ends in _ANGLES])


def angle_rows(joints: NDArray[np.float32], width: int, height: int) -> list[JointAngles]:
    """The `data` of an `angles` message for each of n frames; degrees to 0.1, scores to 0.001."""
    angles, scores = joint_angles(joints, width, height)
    degrees, marks = np.round(angles, 1).T.tolist(), np.round(scores, 3).T.tolist()
    kinds = [kind for kind, _ in _ANGLES]
    sides = (map(SideAngles, *map(map, kinds, degrees[side::2], marks[side::2])) for side in (0, 1))
    return list(map(JointAngles, *sides))
