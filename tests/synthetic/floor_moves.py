"""Moves on the floor or a bench, and those that lift the whole body: the others are in moves."""

from __future__ import annotations

import numpy as np

from tests.synthetic.basic_moves import _arms as arms
from tests.synthetic.basic_moves import _standing as standing_still
from tests.synthetic.basic_moves import push_up
from tests.synthetic.skeleton import (
    ANKLE,
    FOREARM,
    HIP_WIDTH,
    LEG,
    SHANK,
    SHOULDER_WIDTH,
    SIDES,
    THIGH,
    TRUNK,
    UPPER_ARM,
    Floats,
    Joints,
    add_head,
    bend,
    point,
    trunk_and_head,
)

ARM = UPPER_ARM + FOREARM


def calf_raise(left: Floats, right: Floats) -> Joints:
    """The body goes up on its toes by 9 cm."""
    joints = standing_still(len(left))
    zero = 0.0 * left
    arms(joints, zero + 0.05, 0.1, (zero + 0.15, zero + 0.15))
    lift = point(len(left), z=0.09 * (left + right) / 2)
    return {name: place + lift for name, place in joints.items()}


def side_lunge(left: Floats, right: Floats) -> Joints:
    """One foot steps 85 cm aside and takes the weight over a bent knee; the other leg is long."""
    n = len(left)
    joints: Joints = {}
    mean = np.maximum(left, right)
    shift = 0.62 * (left - right)
    height = ANKLE + np.sqrt((0.985 * LEG) ** 2 - shift**2)
    for own, (side, sign) in ((left, SIDES[0]), (right, SIDES[1])):
        hip = point(n, x=sign * HIP_WIDTH / 2 + shift, y=-0.1 * mean, z=height)
        foot = point(n, x=sign * (HIP_WIDTH / 2 + 0.85 * own), z=ANKLE)
        joints[f"{side}_hip"], joints[f"{side}_ankle"] = hip, foot
        joints[f"{side}_knee"] = bend(hip, foot, THIGH, SHANK, point(n, x=0.5 * sign, y=1.0))
    trunk_and_head(joints, np.radians(35 * mean))
    arms(joints, 0.2 + 0.5 * mean, 0.1, (0.5 + 0 * mean, 0.5 + 0 * mean))
    return joints


def mountain_climber(left: Floats, right: Floats) -> Joints:
    """On straight arms; thighs driven by 115 degrees under the chest, shins folded."""
    joints = push_up(0 * left, 0 * right)
    n = len(left)
    for depth, (side, _) in zip((left, right), SIDES, strict=True):
        hip, feet = joints[f"{side}_hip"], joints[f"{side}_ankle"]
        rise = np.arctan2(hip[:, 2] - feet[:, 2], hip[:, 1] - feet[:, 1])
        thigh = rise + np.radians(115 * depth)
        shin = thigh - np.radians(130 * depth)
        knee = hip + THIGH * point(n, y=-np.cos(thigh), z=-np.sin(thigh))
        joints[f"{side}_knee"] = knee
        joints[f"{side}_ankle"] = knee + SHANK * point(n, y=-np.cos(shin), z=-np.sin(shin))
    return joints


def _supine(n: int) -> Joints:
    """Shoulders, head and arms of a body on its back, head towards -y."""
    joints: Joints = {}
    for side, sign in SIDES:
        shoulder = point(n, x=sign * SHOULDER_WIDTH / 2, z=0.1)
        joints[f"{side}_shoulder"] = shoulder
        joints[f"{side}_elbow"] = shoulder + point(n, x=sign * 0.05, y=UPPER_ARM, z=-0.05)
        joints[f"{side}_wrist"] = shoulder + point(n, x=sign * 0.05, y=ARM, z=-0.07)
    add_head(joints, np.full(n, -np.pi / 2))
    return joints


def leg_raise(left: Floats, right: Floats) -> Joints:
    """On the back; straight legs from 3 to 85 degrees."""
    n = len(left)
    joints = _supine(n)
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        lift = np.radians(3 + 82 * depth)
        line = point(n, y=np.cos(lift), z=np.sin(lift))
        hip = point(n, x=sign * HIP_WIDTH / 2, y=TRUNK, z=0.1)
        joints[f"{side}_hip"] = hip
        joints[f"{side}_knee"], joints[f"{side}_ankle"] = hip + THIGH * line, hip + LEG * line
    return joints


def glute_bridge(left: Floats, right: Floats) -> Joints:
    """On the back, feet on the floor; hips up until trunk and thighs are one line."""
    n = len(left)
    joints = _supine(n)
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        lift = np.radians(24 * depth)
        hip = point(n, x=sign * HIP_WIDTH / 2, y=TRUNK * np.cos(lift), z=0.1 + TRUNK * np.sin(lift))
        foot = point(n, x=sign * HIP_WIDTH / 2, y=0.82, z=ANKLE)
        joints[f"{side}_hip"], joints[f"{side}_ankle"] = hip, foot
        joints[f"{side}_knee"] = bend(hip, foot, THIGH, SHANK, point(n, y=0.3, z=1.0))
    return joints


def tricep_dip(left: Floats, right: Floats) -> Joints:
    """Hands on a bench behind, heels ahead; arms from straight to level upper arms."""
    n = len(left)
    joints: Joints = {}
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        top = 0.45 + ARM * (0.96 - 0.45 * depth)
        shoulder = point(n, x=sign * SHOULDER_WIDTH / 2, y=0.03, z=top)
        hip = point(n, x=sign * HIP_WIDTH / 2, y=0.17, z=top - 0.96 * TRUNK)
        foot = point(n, x=sign * HIP_WIDTH / 2, y=0.85, z=ANKLE)
        wrist = point(n, x=sign * 0.22, z=0.45)
        joints[f"{side}_shoulder"], joints[f"{side}_hip"] = shoulder, hip
        joints[f"{side}_wrist"], joints[f"{side}_ankle"] = wrist, foot
        joints[f"{side}_elbow"] = bend(shoulder, wrist, UPPER_ARM, FOREARM, point(n, y=-1.0))
        joints[f"{side}_knee"] = bend(hip, foot, THIGH, SHANK, point(n, y=0.3, z=1.0))
    add_head(joints, np.zeros(n))
    return joints
