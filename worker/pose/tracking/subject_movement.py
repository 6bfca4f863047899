"""Whether somebody exercises, by how the joints move among each other.

A picture on a wall, or who stands by, may change its box: others reach into it. Its joints stay
where they are relative to each other; those of who exercises do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOOK_S = 0.25
"""Least time between two poses that are compared: one keyframe of sampled frames, two of all."""
STEP_S = 0.35
"""Their usual time: 0.27 to 0.33 s of sampled frames, 0.4 s of all."""
RECENT_S = 4.0
"""How long a pose is remembered: two reps."""
LOOKS = 10
"""How many are compared at most: those of that time."""
ENOUGH = 5
"""Least poses, and joints in them, that tell whether somebody moves."""
FOUND = 0.3
"""Least score of a joint that counts."""
BODY = 5
"""The first joint of the shoulders and below: a face's are too close together."""
STILL = 0.02
"""Distance from its usual place, in body lengths, within which each joint of who keeps still is
half of the time (bench: 0.013-0.027 for a drawing, 0.016 for who waits)."""
MOVES = 0.05
"""The same beyond which one joint of who surely exercises is (bench: 0.08 and more)."""
WALKS = 0.3
"""Body lengths a second sideways of who goes through the picture."""


def places(pose: NDArray[np.float32]) -> list[int]:
    """Where the body's joints are in `pose` [17, 3]: x and y in pixels of each, 0 and 0 of one that
    is not seen."""
    seen = pose[BODY:, 2:] >= FOUND
    pixels = np.where(seen, np.maximum(np.rint(pose[BODY:, :2]), 1), 0).astype(int)
    return [int(value) for value in pixels.ravel()]


def movement(looks: list[list[int]], length: float) -> float:
    """From 0 to 1, how surely a body `length` pixels long, with its joints at the `places` of each
    look, moves without going anywhere; 0 where too few joints were seen.

    Medians over the looks: where an unsure pose errs now and then, nothing has moved. After the
    first few it is not sure that anything does.
    """
    if len(looks) < ENOUGH:
        return 0.0
    joints = np.array(looks, float).reshape(len(looks), -1, 2)
    joints = joints[:, (joints[..., 0] > 0).mean(axis=0) >= 0.5]
    joints = joints[(joints[..., 0] > 0).any(axis=1)]
    if min(joints.shape[:2]) < ENOUGH:
        return 0.0
    joints = np.where(joints > 0, joints, np.nan) / length
    middles = np.nanmedian(joints, axis=1, keepdims=True)
    half = len(joints) // 2
    went = np.median(middles[half:, 0, 0]) - np.median(middles[:half, 0, 0])
    if abs(went) > WALKS * STEP_S * half:
        return 0.0
    off = joints - middles
    distance = np.linalg.norm(off - np.nanmedian(off, axis=0), axis=2)
    most = float(np.nanmedian(distance, axis=0).max())
    return min(1.0, max(0.0, (most - STILL) / (MOVES - STILL)))
