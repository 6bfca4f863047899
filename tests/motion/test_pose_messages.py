"""Joint angles are those of the picture, not of the normalised square."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.synthetic.perform import Camera, Script, perform
from worker.contract.message_parts import KneeAngle
from worker.motion.pose_messages import angle_rows, joint_angles


def test_a_right_angle_is_one_in_any_frame() -> None:
    joints = np.zeros((1, 17, 3), np.float32)
    joints[0, 11] = (0.5, 0.5, 0.8)
    joints[0, 13] = (0.5, 0.75, 0.7)
    for width, height in ((1280, 720), (720, 1280), (500, 500)):
        joints[0, 15] = (0.5 + 100 / width, 0.75, 0.6)
        angles, scores = joint_angles(joints, width, height)
        assert angles[0, 0] == pytest.approx(90)
        assert scores[0, 0] == pytest.approx(0.6)
    row = angle_rows(joints, 500, 500)[0]
    assert row.left_side.knee_angle == KneeAngle(90.0, 0.6)
    assert row.right_side.knee_angle == KneeAngle(0.0, 0.0)
    plain = msgspec.to_builtins(row)
    assert set(plain) == {"left_side", "right_side"}
    assert set(plain["right_side"]) == {"knee_angle", "hip_angle", "shoulder_angle", "elbow_angle"}


def test_the_knee_of_a_squat_seen_from_the_side() -> None:
    # The athlete's knee goes from 6 to 110 degrees of flexion.
    camera = Camera(yaw=90, distance=40, focal=9)
    head, chunk = perform(Script(depths=(1.0,), camera=camera))
    angles, _ = joint_angles(chunk.keypoints, head.media.width, head.media.height)
    assert angles[0, 0] == pytest.approx(174, abs=1.5)
    assert angles[:, 0].min() == pytest.approx(70, abs=1.5)
