"""Moves against a load or a bar, the sit-up and the burpee: the others are in moves."""

from __future__ import annotations

import numpy as np

from tests.synthetic.basic_moves import _legs as legs
from tests.synthetic.basic_moves import _standing as standing_still
from tests.synthetic.basic_moves import push_up, squat
from tests.synthetic.skeleton import (
    ANKLE,
    FOREARM,
    HIP_WIDTH,
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


def _add_arm(joints: Joints, side: str, wrist: Floats, pole: Floats) -> None:
    shoulder = joints[f"{side}_shoulder"]
    joints[f"{side}_wrist"] = wrist
    joints[f"{side}_elbow"] = bend(shoulder, wrist, UPPER_ARM, FOREARM, pole)


def _add_bent_legs(joints: Joints, reach: float) -> None:
    """Feet on the floor, `reach` metres ahead of the hips."""
    for side, sign in SIDES:
        hip = joints[f"{side}_hip"]
        n = len(hip)
        foot = point(n, x=sign * HIP_WIDTH / 2, y=hip[:, 1] + reach, z=ANKLE)
        joints[f"{side}_ankle"] = foot
        joints[f"{side}_knee"] = bend(hip, foot, THIGH, SHANK, point(n, y=0.3, z=1.0))


def sit_up(left: Floats, right: Floats) -> Joints:
    """On the back, knees bent, arms crossed; the trunk from 4 to 70 degrees."""
    n = len(left)
    joints: Joints = {}
    lift = np.radians(4 + 66 * (left + right) / 2)
    for side, sign in SIDES:
        joints[f"{side}_hip"] = point(n, x=sign * HIP_WIDTH / 2, z=0.1)
        joints[f"{side}_shoulder"] = point(
            n, x=sign * SHOULDER_WIDTH / 2, y=-TRUNK * np.cos(lift), z=0.1 + TRUNK * np.sin(lift)
        )
        chest = point(n, x=-sign * 0.08, y=0.12 * np.sin(lift), z=0.12 * np.cos(lift))
        pole = point(n, x=sign * 0.5, y=np.sin(lift), z=np.cos(lift))
        _add_arm(joints, side, joints[f"{side}_shoulder"] + chest, pole)
    _add_bent_legs(joints, 0.42)
    add_head(joints, lift - np.pi / 2)
    return joints


def burpee(left: Floats, right: Floats) -> Joints:
    """Standing, half-way in a squat with the hands on the floor, then a plank."""
    n = len(left)
    depth = np.clip((left + right) / 2, 0, 1)[:, None]
    upright, low, plank = squat(0 * left, 0 * left), squat(0 * left + 1, 0 * left + 1), {}
    trunk_and_head(low, np.full(n, np.radians(60.0)))
    for side, sign in SIDES:
        _add_arm(low, side, point(n, x=sign * 0.2, y=0.5, z=0.02), point(n, x=sign, y=-1.0))
    hands = 0.5 - push_up(0 * left, 0 * left)["left_wrist"][:, 1:2]
    for name, place in push_up(0 * left, 0 * left).items():
        plank[name] = place + hands * np.array((0.0, 1.0, 0.0))
    down, back = np.minimum(2 * depth, 1), np.maximum(2 * depth - 1, 0)
    return {
        name: (1 - down) * upright[name] + (down - back) * low[name] + back * plank[name]
        for name in upright
    }


def pull_up(left: Floats, right: Floats) -> Joints:
    """Hangs from a bar at 2.3 m; the chin goes over it."""
    n = len(left)
    joints: Joints = {}
    top = 2.3 - 0.97 * ARM + 0.41 * (left + right) / 2
    for side, sign in SIDES:
        joints[f"{side}_shoulder"] = point(n, x=sign * SHOULDER_WIDTH / 2, z=top)
        hip = point(n, x=sign * HIP_WIDTH / 2, z=top - TRUNK)
        joints[f"{side}_hip"] = hip
        joints[f"{side}_knee"] = hip + point(n, y=0.1, z=-0.97 * THIGH)
        joints[f"{side}_ankle"] = joints[f"{side}_knee"] + point(n, y=-0.3, z=-0.3)
        wrist = point(n, x=sign * (SHOULDER_WIDTH / 2 + 0.06), y=0.03, z=2.3)
        _add_arm(joints, side, wrist, point(n, x=sign, y=0.3, z=-1.0))
    add_head(joints, np.zeros(n))
    return joints


def bench_press(left: Floats, right: Floats) -> Joints:
    """On a bench of 45 cm, feet on the floor; hands from straight arms to the chest."""
    n = len(left)
    joints: Joints = {}
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        shoulder = point(n, x=sign * SHOULDER_WIDTH / 2, z=0.55)
        joints[f"{side}_shoulder"] = shoulder
        joints[f"{side}_hip"] = point(n, x=sign * HIP_WIDTH / 2, y=TRUNK, z=0.55)
        wrist = shoulder + point(n, x=sign * 0.12, y=0.08 * depth, z=0.95 * ARM - 0.42 * depth)
        _add_arm(joints, side, wrist, point(n, x=sign * 1.0, y=0.4, z=-1.0))
    _add_bent_legs(joints, 0.4)
    add_head(joints, np.full(n, -np.pi / 2))
    return joints


def _hinged(lean: Floats) -> Joints:
    joints: Joints = {}
    share = lean / np.radians(55.0)
    shin, thigh = np.radians(3 + 7 * share), np.radians(3 + 22 * share)
    legs(joints, (shin, shin), (thigh, thigh))
    trunk_and_head(joints, lean)
    return joints


def row(left: Floats, right: Floats) -> Joints:
    """Bent over by 50 degrees; hands from hanging to the lower ribs."""
    n = len(left)
    joints = _hinged(np.full(n, np.radians(50.0)))
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        shoulder, hip = joints[f"{side}_shoulder"], joints[f"{side}_hip"]
        hanging = shoulder + point(n, z=-0.97 * ARM)
        ribs = shoulder + 0.55 * (hip - shoulder) + point(n, x=sign * 0.06, z=-0.1)
        wrist = hanging + depth[:, None] * (ribs - hanging)
        _add_arm(joints, side, wrist, point(n, x=sign * 0.3, y=-1.0, z=0.6))
    return joints


def kettlebell_swing(left: Floats, right: Floats) -> Joints:
    """From a hinge of 55 degrees, hands between the thighs, to standing with level arms."""
    n = len(left)
    mean = (left + right) / 2
    joints = _hinged(np.radians(55 * (1 - mean)))
    reach = np.radians(-25 + 112 * mean)
    for side, sign in SIDES:
        shoulder = joints[f"{side}_shoulder"]
        inwards = -sign * (SHOULDER_WIDTH / 2 - 0.04)
        hand = point(n, x=inwards, y=0.93 * ARM * np.sin(reach), z=-0.93 * ARM * np.cos(reach))
        _add_arm(joints, side, shoulder + hand, point(n, x=sign, y=-0.5, z=-0.5))
    return joints


def front_raise(left: Floats, right: Floats) -> Joints:
    """Straight arms from 8 to 90 degrees, forwards."""
    joints = standing_still(len(left))
    for depth, (side, _) in zip((left, right), SIDES, strict=True):
        lift = np.radians(8 + 82 * depth)
        line = np.stack((0 * lift, np.sin(lift), -np.cos(lift)), axis=-1)
        shoulder = joints[f"{side}_shoulder"]
        joints[f"{side}_elbow"] = shoulder + UPPER_ARM * line
        joints[f"{side}_wrist"] = shoulder + ARM * line
    return joints


def triceps_extension(left: Floats, right: Floats) -> Joints:
    """Upper arms beside the head; forearms from behind it, elbows at 125 degrees, to straight."""
    n = len(left)
    joints = standing_still(n)
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        flex = np.radians(125 - 117 * depth)
        elbow = joints[f"{side}_shoulder"] + UPPER_ARM * point(n, x=sign * 0.1, y=0.1, z=0.99)
        joints[f"{side}_elbow"] = elbow
        joints[f"{side}_wrist"] = elbow + FOREARM * point(n, y=-np.sin(flex), z=np.cos(flex))
    return joints


def pushdown(left: Floats, right: Floats) -> Joints:
    """The same at a cable: upper arms at the sides, forearms from level to straight down."""
    n = len(left)
    joints = standing_still(n)
    for depth, (side, _) in zip((left, right), SIDES, strict=True):
        flex = np.radians(100 - 92 * depth)
        elbow = joints[f"{side}_shoulder"] + UPPER_ARM * point(n, y=0.1, z=-0.99)
        joints[f"{side}_elbow"] = elbow
        joints[f"{side}_wrist"] = elbow + FOREARM * point(n, y=np.sin(flex), z=-np.cos(flex))
    return joints
