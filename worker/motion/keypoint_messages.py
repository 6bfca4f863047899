"""Logged joints as `keypoints` and `keypoints_batch` say them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.contract.message_parts import Keypoint, PoseSample, World
from worker.contract.messages import Keypoints
from worker.contract.poses import PLANE
from worker.motion.frames.landmarks import names_of


def samples_of(
    frames: Iterable[int], times_us: Iterable[int], joints: NDArray[np.float32]
) -> list[PoseSample]:
    """The poses of frames by number and time, as `keypoints_batch` has them, from their joints
    [n, 17 or 33, 3 or 7]: x, y, z to 5 decimals, scores to 3, of which the pose's, the mean of its
    joints', is exactly 0 only where nobody was found; places in metres to a tenth of a
    millimetre."""
    names = names_of(joints.shape[1])
    exact = joints.astype(np.float64)
    across, down = np.round(exact[..., 0], 5).tolist(), np.round(exact[..., 1], 5).tolist()
    marks = np.round(exact[..., 2], 3).tolist()
    depths: Any = [(0.0,) * len(names)] * len(joints)
    worlds: list[World | None] = [None] * len(joints)
    if joints.shape[2] > PLANE:
        # + 0.0: no "-0.0" in a message
        depths = (np.round(exact[..., PLANE], 5) + 0.0).tolist()
        places = (np.round(exact[..., PLANE + 1 :], 4) + 0.0).tolist()
        worlds = [tuple(map(tuple, frame)) for frame in places]
    scores = np.round(exact[..., 2].mean(axis=1), 3).tolist()
    return [
        PoseSample(
            timestampMs=round(time / 1000, 1),
            frameId=frame,
            score=score,
            keypoints=tuple(map(Keypoint, names, *axes)),
            world=world,
        )
        for frame, time, score, world, *axes in zip(
            frames, times_us, scores, worlds, across, down, depths, marks, strict=True
        )
    ]


def message_of(sample: PoseSample) -> Keypoints:
    """The `keypoints` message of a frame of `keypoints_batch`."""
    return Keypoints(
        timestampMs=sample.timestampMs,
        frameId=sample.frameId,
        score=sample.score,
        keypoints=sample.keypoints,
        world=sample.world,
    )
