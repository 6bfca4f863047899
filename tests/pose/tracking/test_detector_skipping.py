"""When a subject may be followed by its pose, and where that puts its box."""

from __future__ import annotations

import numpy as np
import pytest

from worker.pose.detectors.nanodet import EXPECTED, SURE, Detections, expects
from worker.pose.tracking.detector_skipping import (
    CLEAR,
    FADED,
    INWARD,
    OUTWARD,
    REACH,
    TrackedPose,
    expected,
    second,
    start_tracking,
)

BOX = np.array([100, 50, 200, 350], np.float32)
FRAME = (640, 480)


def pose(box: np.ndarray = BOX, beyond: float = 10, score: float = 0.8) -> np.ndarray:
    """Joints that fill a box but for `beyond` pixels at each edge."""
    low, high = box[:2] + beyond, box[2:] - beyond
    joints = np.zeros((17, 3), np.float32)
    joints[:, :2] = low + (high - low) * np.linspace(0, 1, 17)[:, None]
    joints[:, 2] = score
    return joints


def people(*others: list[float], score: float = SURE) -> Detections:
    boxes = np.array([BOX.tolist(), *others], np.float32)
    return Detections(boxes, np.array([score] + [0.9] * len(others), np.float32))


def test_a_sure_subject_by_itself_is_tracked() -> None:
    hold = start_tracking(BOX, pose(), people(), None)
    assert hold is not None
    assert hold.beyond == pytest.approx([-10, -10, 10, 10], abs=1e-3)
    assert hold.least == pytest.approx(0.8 * FADED)
    assert start_tracking(BOX, pose(), people([400, 50, 500, 350]), None) is not None


def test_whoever_could_be_taken_for_another_is_not() -> None:
    near = [BOX[2] + 10, 50.0, 320.0, 350.0]
    assert start_tracking(BOX, pose(), people(near), None) is None
    small = [BOX[2] + 10, 50.0, 250.0, 150.0]  # too small to be meant
    assert start_tracking(BOX, pose(), people(small), None) is not None


def test_an_unsure_detection_holds_where_the_subject_was_before() -> None:
    unsure = people(score=SURE - 0.1)
    assert start_tracking(BOX, pose(), unsure, None) is None
    assert start_tracking(BOX, pose(), unsure, BOX + np.float32(5)) is not None
    assert start_tracking(BOX, pose(), unsure, BOX + np.float32(60)) is None


def test_a_faint_pose_and_one_without_its_legs_are_not_followed() -> None:
    assert start_tracking(BOX, pose(score=CLEAR - 0.01), people(), None) is None
    half = pose()
    half[:, 1] = half[:, 1].clip(max=float(BOX[3] - (REACH + 0.01) * 300))
    assert start_tracking(BOX, half, people(), None) is None


def test_the_box_goes_where_the_joints_go() -> None:
    hold = start_tracking(BOX, pose(), people(), None)
    assert hold is not None
    moved = BOX + np.array([4, -9, 4, -9], np.float32)
    assert hold.place(pose(moved), BOX, FRAME) == pytest.approx(moved, abs=1e-3)
    # a body that is cut off by the picture's border is so still
    edge = np.array([0, 0, 100, 300], np.float32)
    placed = hold.place(pose(edge + np.float32(2)), edge, (101, 301))
    assert placed == pytest.approx([2, 2, 101, 301], abs=1e-3)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ([0, -300 * (OUTWARD - 0.01), 0, 0], True),
        ([0, -300 * (OUTWARD + 0.01), 0, 0], False),  # the arms may lie beyond the mask
        ([0, 300 * (INWARD - 0.01), 0, 0], True),
        ([0, 300 * (INWARD + 0.01), 0, 0], False),
        ([0, 0, 100 * (OUTWARD + 0.02), 0], False),
    ],
)
def test_a_box_far_from_the_expected_one_is_doubted(change: list[float], kept: bool) -> None:
    hold = TrackedPose(np.array([-10, -10, 10, 10], np.float32), 0.5)
    placed = hold.place(pose(BOX + np.array(change, np.float32)), BOX, FRAME)
    assert (placed is not None) == kept


def test_a_pose_that_fades_is_doubted() -> None:
    hold = TrackedPose(np.zeros(4, np.float32), 0.5)
    assert hold.place(pose(score=0.49), BOX, FRAME) is None
    assert hold.place(pose(score=0.1), BOX, FRAME) is None  # no joint is seen at all


def test_who_moves_is_expected_where_it_is_and_where_it_goes() -> None:
    assert (expected(BOX, None) == BOX).all()
    before = BOX - np.array([0, 20, 0, 20], np.float32)
    assert expected(BOX, before) == pytest.approx([100, 50, 200, 370])


def test_seconds_are_those_of_the_media() -> None:
    assert [second(time) for time in (0, 999_999, 1_000_000, 2_500_000)] == [0, 0, 1, 2]


def test_nobody_is_expected_nowhere() -> None:
    assert not expects(None, BOX[None])
    assert not expects(BOX, np.zeros((0, 4), np.float32))
    wide = BOX + np.array([0, 0, 100 * (1 / EXPECTED - 1) - 1, 0], np.float32)
    assert expects(BOX, np.stack([BOX + np.float32(300), wide]))
    assert not expects(BOX, (wide + np.array([0, 0, 3, 0], np.float32))[None])
