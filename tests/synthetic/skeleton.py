"""A skeleton in metres: x to the person's left, y forward, z up; arrays over n frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Joints = dict[str, Floats]
"""Each joint's place [n, 3] by COCO name."""

STATURE = 1.75
# Segment lengths as shares of stature: Winter, Biomechanics and Motor Control, 4th ed., fig. 4.1.
THIGH, SHANK, ANKLE = 0.245 * STATURE, 0.246 * STATURE, 0.039 * STATURE
TRUNK, UPPER_ARM, FOREARM = 0.288 * STATURE, 0.186 * STATURE, 0.146 * STATURE
HIP_WIDTH, SHOULDER_WIDTH = 0.13 * STATURE, 0.22 * STATURE
LEG = THIGH + SHANK

SIDES = (("left", 1.0), ("right", -1.0))


def along(start: Floats, length: float, tilt: Floats, spread: Floats | float = 0.0) -> Floats:
    """The end of a segment: `tilt` radians forward from straight up, `spread` to the left."""
    direction = np.stack(
        (np.sin(spread) * np.ones_like(tilt), np.sin(tilt) * np.cos(spread),
         np.cos(tilt) * np.cos(spread)),
        axis=-1,
    )  # fmt: skip
    return start + length * direction


def point(
    n: int, x: Floats | float = 0.0, y: Floats | float = 0.0, z: Floats | float = 0.0
) -> Floats:
    """A place [n, 3]."""
    ones = np.ones(n)
    return np.stack((x * ones, y * ones, z * ones), axis=-1)


def bend(start: Floats, end: Floats, first: float, second: float, pole: Floats) -> Floats:
    """The joint between `start` and `end` of a limb of two segments, bent towards `pole` [n, 3]."""
    line = end - start
    reach = np.clip(np.linalg.norm(line, axis=-1), 1e-6, 0.999 * (first + second))
    unit = line / np.linalg.norm(line, axis=-1)[:, None]
    near = (first**2 - second**2 + reach**2) / (2 * reach)
    away = np.sqrt(np.maximum(first**2 - near**2, 0))
    side = pole - (pole * unit).sum(axis=-1)[:, None] * unit
    side /= np.maximum(np.linalg.norm(side, axis=-1), 1e-9)[:, None]
    return start + near[:, None] * unit + away[:, None] * side


def trunk_and_head(joints: Joints, lean: Floats) -> None:
    """Adds shoulders and head over the hips that are there; `lean` radians forward."""
    middle = (joints["left_hip"] + joints["right_hip"]) / 2
    top = along(middle, TRUNK, lean)
    for side, sign in SIDES:
        joints[f"{side}_shoulder"] = top + np.array((sign * SHOULDER_WIDTH / 2, 0, 0))
    add_head(joints, lean * 0.5)


def add_head(joints: Joints, lean: Floats) -> None:
    """Adds nose, eyes and ears (eyes at 0.936 of stature: Winter) over the shoulders."""
    top = (joints["left_shoulder"] + joints["right_shoulder"]) / 2
    head = along(top, 0.118 * STATURE, lean)
    forward = along(np.zeros_like(head), 0.1, lean + np.pi / 2)
    joints["nose"] = head + forward - np.array((0, 0, 0.04))
    for side, sign in SIDES:
        joints[f"{side}_eye"] = head + 0.9 * forward + np.array((sign * 0.03, 0, 0))
        joints[f"{side}_ear"] = head + np.array((sign * 0.075, 0, -0.01))
