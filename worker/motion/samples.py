"""Logged joints as `keypoints` and `keypoints_batch` say them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.messages import Keypoints, KeypointsBatch
from worker.contract.parts import Keypoint, PoseSample
from worker.motion.landmarks import names_of


def keypoint_rows(joints: NDArray[np.float32]) -> list[tuple[Keypoint, ...]]:
    """Named joints of each frame of [n, 17 or 33, 3]: x, y to 5 decimals, score to 3."""
    names = names_of(joints.shape[1])
    exact = joints.astype(np.float64)
    across = np.round(exact[..., 0], 5).tolist()
    down = np.round(exact[..., 1], 5).tolist()
    scores = np.round(exact[..., 2], 3).tolist()
    return [
        tuple(
            [
                Keypoint(name=name, x=x, y=y, z=0.0, score=score)
                for name, x, y, score in zip(names, xs, ys, marks, strict=True)
            ]
        )
        for xs, ys, marks in zip(across, down, scores, strict=True)
    ]


def frame_scores(joints: NDArray[np.float32]) -> list[float]:
    """Mean joint score of each frame to 3 decimals; exactly 0 only where nobody was found."""
    means: list[float] = np.round(joints[..., 2].astype(np.float64).mean(axis=1), 3).tolist()
    return means


def keypoints_message(
    frame: int, time_us: int, score: float, keypoints: tuple[Keypoint, ...]
) -> Keypoints:
    """The `keypoints` message of one frame."""
    return Keypoints(
        timestampMs=round(time_us / 1000, 1), frameId=frame, score=score, keypoints=keypoints
    )


def batch_message(
    frames: list[int], times_us: list[int], joints: NDArray[np.float32], fps: float
) -> KeypointsBatch:
    """All frames with a person; `fps` is the rate at which the media was sampled."""
    scores = frame_scores(joints)
    rows = keypoint_rows(joints)
    return KeypointsBatch(
        fps=fps,
        frames=tuple(
            PoseSample(
                timestampMs=round(time_us / 1000, 1), frameId=frame, score=score, keypoints=row
            )
            for frame, time_us, score, row in zip(frames, times_us, scores, rows, strict=True)
        ),
    )
