"""Logged joints as `keypoints` and `keypoints_batch` say them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.contract.message_parts import Keypoint, PoseSample, World
from worker.contract.messages import Keypoints
from worker.contract.poses import PLANE
from worker.motion.frames.landmarks import names_of


def keypoint_rows(joints: NDArray[np.float32]) -> list[tuple[Keypoint, ...]]:
    """Named joints of each frame of [n, 17 or 33, 3 or 7]: x, y, z to 5 decimals, score to 3."""
    names = names_of(joints.shape[1])
    exact = joints.astype(np.float64)
    flat = joints.shape[2] == PLANE
    depths = [(0.0,) * len(names)] * len(joints) if flat else _rounded(exact[..., PLANE], 5)
    across = np.round(exact[..., 0], 5).tolist()
    down = np.round(exact[..., 1], 5).tolist()
    scores = np.round(exact[..., 2], 3).tolist()
    return [
        tuple(map(Keypoint, names, xs, ys, zs, marks))
        for xs, ys, zs, marks in zip(across, down, depths, scores, strict=True)
    ]


def world_rows(joints: NDArray[np.float32]) -> list[World | None]:
    """Places of the joints of each frame of [n, 17 or 33, 3 or 7] in metres, to a tenth of a
    millimetre; None where the log has none."""
    if joints.shape[2] == PLANE:
        return [None] * len(joints)
    places = _rounded(joints[..., PLANE + 1 :].astype(np.float64), 4)
    return [tuple(map(tuple, frame)) for frame in places]


def _rounded(values: NDArray[np.float64], decimals: int) -> list[Any]:
    # + 0.0: no "-0.0" in a message
    rows: list[Any] = (np.round(values, decimals) + 0.0).tolist()
    return rows


def frame_scores(joints: NDArray[np.float32]) -> list[float]:
    """Mean joint score of each frame to 3 decimals; exactly 0 only where nobody was found."""
    means: list[float] = np.round(joints[..., 2].astype(np.float64).mean(axis=1), 3).tolist()
    return means


def keypoints_message(
    frame: int,
    time_us: int,
    score: float,
    keypoints: tuple[Keypoint, ...],
    world: World | None = None,
) -> Keypoints:
    """The `keypoints` message of one frame."""
    return Keypoints(
        timestampMs=round(time_us / 1000, 1),
        frameId=frame,
        score=score,
        keypoints=keypoints,
        world=world,
    )


def sample_of(message: Keypoints) -> PoseSample:
    """The frame of a `keypoints` message as `keypoints_batch` has it."""
    return PoseSample(
        timestampMs=message.timestampMs,
        frameId=message.frameId,
        score=message.score,
        keypoints=message.keypoints,
        world=message.world,
    )
