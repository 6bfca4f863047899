"""Other ways to perform a move: what comes before and after, supports, seats, one limb alone.

Each changes a performance in metres and leaves its count as it was.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.synthetic.basic_moves import standing, walking
from tests.synthetic.perform import Script, ease
from tests.synthetic.skeleton import ANKLE, SHANK, SHOULDER_WIDTH, SIDES, THIGH, Floats, Joints

Body = tuple[Joints, Floats]
"""Joints in metres and their frame times in seconds."""


def _upright(joints: Joints) -> Joints:
    """Somebody who stands where the body of the first frame is."""
    middle = np.mean([place[0] for place in joints.values()], axis=0)
    still = standing(np.zeros(1), np.zeros(1))
    away = middle - np.mean([place[0] for place in still.values()], axis=0)
    away[2] = 0.0
    return {name: place + away for name, place in still.items()}


def _between(first: Joints, last: Joints, frames: int) -> Joints:
    share = ease(np.linspace(0, 1, frames))[:, None]
    return {name: (1 - share) * first[name][-1:] + share * last[name][:1] for name in first}


def _joined(parts: list[Joints], fps: float) -> Body:
    joints = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return joints, np.arange(len(joints["nose"])) / fps


def _walks(start: Joints, frames: int, fps: float, *, towards: float) -> Joints:
    """Two steps a second, 0.8 m/s along the body's own forward axis, from or to `start`."""
    seconds = np.arange(frames) / fps
    gait = walking(2 * seconds, 0 * seconds)
    middle = np.mean([place[0] for place in start.values()], axis=0)
    way = 0.8 * (seconds - seconds[-1] if towards < 0 else seconds)
    return {
        name: place + np.stack((0 * way + middle[0], way + middle[1], 0 * way), axis=1)
        for name, place in gait.items()
    }


def walks_in_and_out(body: Body, script: Script) -> Body:
    joints, fps = body[0], script.fps
    upright = _upright(joints)
    frames = round(2.5 * fps)
    come = _walks(upright, frames, fps, towards=-1)
    leave = _walks(upright, frames, fps, towards=1)
    settle = round(1.5 * fps)
    return _joined(
        [come, _between(come, joints, settle), joints, _between(joints, leave, settle), leave], fps
    )


def stands_before_and_after(body: Body, script: Script) -> Body:
    joints, fps = body[0], script.fps
    upright = {n: np.repeat(p, round(2 * fps), axis=0) for n, p in _upright(joints).items()}
    settle = round(1.5 * fps)
    way_in, way_out = _between(upright, joints, settle), _between(joints, upright, settle)
    return _joined([upright, way_in, joints, way_out, upright], fps)


def rests_between(body: Body, script: Script) -> Body:
    """Ten seconds of rest in the start pose before the middle repetition."""
    joints, fps = body[0], script.fps
    at = round((script.lead + sum(script.seconds) * (len(script.depths) // 2) - 0.05) * fps)
    still = {n: np.repeat(p[at : at + 1], round(10 * fps), axis=0) for n, p in joints.items()}
    before = {name: place[:at] for name, place in joints.items()}
    after = {name: place[at:] for name, place in joints.items()}
    return _joined([before, still, after], fps)


def inclined(degrees: float) -> Callable[[Body, Script], Body]:
    """The body turned about its feet, as on a support."""

    def change(body: Body, script: Script) -> Body:
        joints, seconds = body
        feet = (joints["left_ankle"][0] + joints["right_ankle"][0]) / 2
        turn = np.radians(degrees)
        turned = {}
        for name, place in joints.items():
            y, z = place[:, 1] - feet[1], place[:, 2] - feet[2]
            turned[name] = np.stack((
                place[:, 0],
                feet[1] + y * np.cos(turn) - z * np.sin(turn),
                feet[2] + y * np.sin(turn) + z * np.cos(turn),
            ), axis=1)  # fmt: skip
        return turned, seconds

    return change


def tires(body: Body, script: Script) -> Body:
    """From 0.75 to 1.4 of the time that each second took."""
    joints, seconds = body
    share = seconds / seconds[-1]
    return joints, seconds * (0.75 + 0.65 * share / 2)


def seated(body: Body, script: Script) -> Body:
    """On a seat of 48 cm, thighs level, feet on the floor."""
    joints, seconds = body
    hips = (joints["left_hip"] + joints["right_hip"]) / 2
    lower = np.zeros_like(hips)
    lower[:, 2] = 0.48 - hips[:, 2]
    sat = {name: place + lower for name, place in joints.items()}
    for side, _ in SIDES:
        sat[f"{side}_knee"] = sat[f"{side}_hip"] + (0.0, THIGH, 0.0)
        sat[f"{side}_ankle"] = sat[f"{side}_knee"] - (0.0, 0.0, min(SHANK, 0.48 - ANKLE))
    return sat, seconds


def hands_at_chest(body: Body, script: Script) -> Body:
    """As who holds a weight before the chest, or crosses the arms."""
    joints, seconds = body
    changed = dict(joints)
    hips = (joints["left_hip"] + joints["right_hip"]) / 2
    neck = (joints["left_shoulder"] + joints["right_shoulder"]) / 2
    down = (hips - neck) / np.linalg.norm(hips - neck, axis=1)[:, None]
    ahead = np.stack((0 * down[:, 0], -down[:, 2], down[:, 1]), axis=1)
    for side, sign in SIDES:
        shoulder = joints[f"{side}_shoulder"]
        changed[f"{side}_elbow"] = shoulder + 0.28 * down + 0.14 * ahead
        changed[f"{side}_wrist"] = (
            neck + 0.12 * down + 0.26 * ahead + np.array((sign * 0.05 * SHOULDER_WIDTH, 0, 0))
        )
    return changed, seconds


def on_the_knees(body: Body, script: Script) -> Body:
    """The knees on the floor instead of the feet, shins up."""
    joints, seconds = body
    knees = (joints["left_knee"] + joints["right_knee"]) / 2
    hands = (joints["left_wrist"] + joints["right_wrist"]) / 2
    changed = {}
    for name, place in joints.items():
        share = (hands[:, 1] - place[:, 1]) / (hands[:, 1] - knees[:, 1])
        lower = np.clip(share, 0.0, 1.0) * (knees[:, 2] - 0.06)
        changed[name] = place - np.stack((0 * lower, 0 * lower, lower), axis=1)
    for side, _ in SIDES:
        changed[f"{side}_ankle"] = changed[f"{side}_knee"] + (0.0, -0.6 * SHANK, 0.8 * SHANK)
    return changed, seconds


def one_leg_in_the_air(body: Body, script: Script) -> Body:
    """The right leg straight on from the trunk."""
    joints, seconds = body
    line = joints["right_hip"] - joints["right_shoulder"]
    line = line / np.linalg.norm(line, axis=1)[:, None]
    knee = joints["right_hip"] + THIGH * line
    return {**joints, "right_knee": knee, "right_ankle": knee + SHANK * line}, seconds
