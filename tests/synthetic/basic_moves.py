"""How each exercise moves the skeleton: depth 0 (start pose) to 1 (full) of either side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.synthetic.skeleton import (
    ANKLE,
    FOREARM,
    HIP_WIDTH,
    LEG,
    SHANK,
    SIDES,
    THIGH,
    TRUNK,
    UPPER_ARM,
    Floats,
    Joints,
    add_head,
    along,
    bend,
    point,
    trunk_and_head,
)

Move = Callable[[Floats, Floats], Joints]


def _legs(joints: Joints, shin: tuple[Floats, Floats], thigh: tuple[Floats, Floats]) -> None:
    """Feet on the floor; radians from the vertical, the shin forward, the thigh back."""
    for place, (side, sign) in enumerate(SIDES):
        ankle = point(len(shin[place]), x=sign * HIP_WIDTH * 0.7, z=ANKLE)
        knee = along(ankle, SHANK, shin[place])
        joints[f"{side}_ankle"], joints[f"{side}_knee"] = ankle, knee
        joints[f"{side}_hip"] = along(knee, THIGH, -thigh[place])


def _standing(n: int) -> Joints:
    joints: Joints = {}
    still = np.full(n, np.radians(3.0))
    _legs(joints, (still, still), (still, still))
    trunk_and_head(joints, np.zeros(n))
    return joints


def _arms(
    joints: Joints, tilt: Floats, spread: Floats | float, flex: tuple[Floats, Floats]
) -> None:
    """Arms from the shoulders: `tilt` forward from hanging, `spread` outward, elbow `flex`."""
    for place, (side, sign) in enumerate(SIDES):
        shoulder = joints[f"{side}_shoulder"]
        elbow = along(shoulder, UPPER_ARM, np.pi - tilt, sign * spread)
        joints[f"{side}_elbow"] = elbow
        joints[f"{side}_wrist"] = along(elbow, FOREARM, np.pi - tilt - flex[place], sign * spread)


def squat(left: Floats, right: Floats) -> Joints:
    """Knee 6-110, shin 4-34 degrees of flexion, trunk leaning with depth, arms forward."""
    joints: Joints = {}
    shin = tuple(np.radians(4 + 30 * depth) for depth in (left, right))
    thigh = tuple(np.radians(2 + 74 * depth) for depth in (left, right))
    _legs(joints, (shin[0], shin[1]), (thigh[0], thigh[1]))
    mean = np.maximum((left + right) / 2, 0)
    trunk_and_head(joints, np.radians(42 * mean**0.8))
    _arms(joints, np.radians(20 + 60 * mean), 0.0, (0.2 * mean, 0.2 * mean))
    return joints


def push_up(left: Floats, right: Floats) -> Joints:
    """A straight body over hands under the shoulders: arms straight to 30 % of their length."""
    n = len(left)
    joints: Joints = {}
    arm = UPPER_ARM + FOREARM
    length = TRUNK + LEG
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        height = arm * (0.97 - 0.6 * depth)
        rise = np.arcsin(np.clip((height - ANKLE) / length, -1, 1))
        feet = point(n, x=sign * 0.08, z=ANKLE)
        joints[f"{side}_ankle"] = feet
        for name, distance in (("knee", SHANK), ("hip", LEG), ("shoulder", length)):
            place = along(feet, distance, np.pi / 2 - rise)
            place[:, 0] = sign * {"knee": 0.09, "hip": 0.11, "shoulder": 0.19}[name]
            joints[f"{side}_{name}"] = place
        shoulder = joints[f"{side}_shoulder"]
        wrist = point(n, x=sign * 0.25, y=length * 0.99, z=0.02)
        joints[f"{side}_wrist"] = wrist
        joints[f"{side}_elbow"] = bend(
            shoulder, wrist, UPPER_ARM, FOREARM, point(n, x=sign * 1.0, y=-1.0)
        )
    add_head(joints, np.full(n, np.radians(80.0)))
    return joints


def bicep_curl(left: Floats, right: Floats) -> Joints:
    """Standing, upper arms at the sides, elbows from 8 to 140 degrees."""
    joints = _standing(len(left))
    flex = (np.radians(8 + 132 * left), np.radians(8 + 132 * right))
    _arms(joints, np.radians(5 + 10 * np.maximum(left, right)), 0.1, flex)
    return joints


def jumping_jack(left: Floats, right: Floats) -> Joints:
    """Arms from 12 to 160 degrees of abduction, legs from 3 to 22."""
    n = len(left)
    joints: Joints = {}
    mean = (left + right) / 2
    open_legs = np.radians(3 + 19 * mean)
    height = ANKLE + LEG * np.cos(open_legs)
    for side, sign in SIDES:
        hip = point(n, x=sign * HIP_WIDTH / 2, z=height)
        joints[f"{side}_hip"] = hip
        for name, distance in (("knee", THIGH), ("ankle", LEG)):
            joints[f"{side}_{name}"] = along(hip, distance, np.full(n, np.pi), sign * open_legs)
    trunk_and_head(joints, np.zeros(n))
    none = np.zeros(n)
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        lift = np.radians(12 + 148 * depth)
        turn = np.stack((sign * np.sin(lift), none, -np.cos(lift)), axis=-1)
        shoulder = joints[f"{side}_shoulder"]
        joints[f"{side}_elbow"] = shoulder + UPPER_ARM * turn
        joints[f"{side}_wrist"] = shoulder + (UPPER_ARM + FOREARM) * turn
    return joints


def lunge(left: Floats, right: Floats) -> Joints:
    """One leg steps forward and bends to a level thigh, the other knee goes to the floor."""
    n = len(left)
    joints: Joints = {}
    mean = np.maximum(left, right)
    height = ANKLE + LEG * (0.99 - 0.38 * mean)
    for own, other, (side, sign) in ((left, right, SIDES[0]), (right, left, SIDES[1])):
        hip = point(n, x=sign * HIP_WIDTH / 2, z=height)
        foot = point(n, x=sign * HIP_WIDTH / 2, y=0.42 * own - 0.48 * other, z=ANKLE + 0.08 * other)
        joints[f"{side}_hip"], joints[f"{side}_ankle"] = hip, foot
        joints[f"{side}_knee"] = bend(hip, foot, THIGH, SHANK, point(n, y=1.0))
    trunk_and_head(joints, np.radians(5 * mean))
    _arms(joints, 0.1 + 0 * mean, 0.1, (0.2 + 0 * mean, 0.2 + 0 * mean))
    return joints


def deadlift(left: Floats, right: Floats) -> Joints:
    """Trunk to 65 degrees, knees to 60, arms hanging straight."""
    joints: Joints = {}
    mean = np.maximum((left + right) / 2, 0)
    shin, thigh = np.radians(3 + 12 * mean), np.radians(3 + 42 * mean)
    _legs(joints, (shin, shin), (thigh, thigh))
    trunk_and_head(joints, np.radians(3 + 62 * mean))
    _arms(joints, 0.03 + 0 * mean, 0.05, (0 * mean + 0.05, 0 * mean + 0.05))
    return joints


def lateral_raise(left: Floats, right: Floats) -> Joints:
    """Straight arms from 10 to 90 degrees of abduction."""
    joints = _standing(len(left))
    none = 0.0 * left
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        lift = np.radians(10 + 80 * depth)
        turn = np.stack((sign * np.sin(lift), none, -np.cos(lift)), axis=-1)
        shoulder = joints[f"{side}_shoulder"]
        joints[f"{side}_elbow"] = shoulder + UPPER_ARM * turn
        joints[f"{side}_wrist"] = shoulder + (UPPER_ARM + FOREARM) * turn
    return joints


def shoulder_press(left: Floats, right: Floats) -> Joints:
    """Hands from beside the shoulders to straight arms overhead."""
    n = len(left)
    joints = _standing(n)
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        shoulder = joints[f"{side}_shoulder"]
        wrist = shoulder + point(n, x=sign * 0.12, y=0.08, z=0.1 + 0.46 * depth)
        joints[f"{side}_wrist"] = wrist
        pole = point(n, x=sign * 1.0, z=-1.0)
        joints[f"{side}_elbow"] = bend(shoulder, wrist, UPPER_ARM, FOREARM, pole)
    return joints


def high_knees(left: Floats, right: Floats) -> Joints:
    """Thighs driven to 85 degrees, the shin hanging."""
    n = len(left)
    joints: Joints = {}
    for depth, (side, sign) in zip((left, right), SIDES, strict=True):
        hip = point(n, x=sign * HIP_WIDTH / 2, z=ANKLE + LEG)
        knee = along(hip, THIGH, np.pi - np.radians(85 * depth))
        joints[f"{side}_hip"], joints[f"{side}_knee"] = hip, knee
        joints[f"{side}_ankle"] = along(knee, SHANK, np.full(n, np.pi + 0.05))
    trunk_and_head(joints, np.zeros(n))
    _arms(joints, 0.2 + 0 * left, 0.1, (1.2 + 0 * left, 1.2 + 0 * left))
    return joints


def plank(left: Floats, right: Floats) -> Joints:
    """On straight arms at depth 1, on the knees with the hips back at depth 0."""
    straight = push_up(0 * left, 0 * right)
    share = np.clip(left, 0, 1)[:, None]
    moved = {}
    for name, place in straight.items():
        kneeling = place.copy()
        if not name.endswith(("wrist", "ankle", "knee")):
            kneeling[:, 1] -= 0.55
            kneeling[:, 2] += 0.35 if "hip" in name else 0.25
        moved[name] = share * place + (1 - share) * kneeling
    return moved


def wall_sit(left: Floats, right: Floats) -> Joints:
    """Thighs to 80 degrees over upright shins, the trunk against a wall."""
    joints: Joints = {}
    mean = (left + right) / 2
    shin = np.radians(3 + 0 * mean)
    thigh = np.radians(3 + 77 * mean)
    _legs(joints, (shin, shin), (thigh, thigh))
    trunk_and_head(joints, 0 * mean)
    _arms(joints, 0.1 + 0 * mean, 0.1, (0.2 + 0 * mean, 0.2 + 0 * mean))
    return joints


def balance_leg_left(left: Floats, right: Floats) -> Joints:
    """Stands on the left leg; the right knee comes up with depth."""
    return high_knees(0 * left, 0.7 * left)


def standing(left: Floats, right: Floats) -> Joints:
    """Stands still with hanging arms whatever the depth."""
    joints = _standing(len(left))
    zero = 0.0 * left
    _arms(joints, zero + 0.05, 0.1, (zero + 0.15, zero + 0.15))
    return joints


def walking(left: Floats, right: Floats) -> Joints:
    """A gait cycle a rep on the spot: thighs +-25 degrees in turn, arms opposite."""
    joints: Joints = {}
    n = len(left)
    phase = np.cumsum(np.abs(np.diff(left, prepend=left[:1]))) * np.pi
    for side, sign in SIDES:
        swing = np.sin(phase + (0.0 if sign > 0 else np.pi))
        hip = point(n, x=sign * HIP_WIDTH / 2, z=ANKLE + 0.98 * LEG)
        knee = along(hip, THIGH, np.pi - np.radians(25 * swing))
        bent = np.radians(25 * swing - 30 * np.maximum(np.cos(phase + np.pi * (sign < 0)), 0))
        joints[f"{side}_hip"], joints[f"{side}_knee"] = hip, knee
        joints[f"{side}_ankle"] = along(knee, SHANK, np.pi - bent)
    trunk_and_head(joints, np.full(n, 0.03))
    _arms(joints, 0.4 * np.sin(phase), 0.05, (np.full(n, 0.3), np.full(n, 0.3)))
    return joints
