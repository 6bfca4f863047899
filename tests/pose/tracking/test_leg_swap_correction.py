"""Legs that a network exchanges: put back, across chunks too, and real crossings left alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.bench.keypoint_swaps import swaps
from worker.pose.tracking.leg_swap_correction import LEFT, RIGHT, correct_leg_swaps

FRAMES = 90
TIMES = np.arange(FRAMES, dtype=np.int64) * 33_333
ASPECT = 4 / 3


def walker(stride: float, period: float, jitter: float = 0.0) -> NDArray[np.float32]:
    """A person from the side whose legs swing through each other, float32 [n, 17, 3] in pixels."""
    pose = np.zeros((FRAMES, 17, 3), np.float32)
    pose[..., 2] = 0.8
    pose[:, 0, :2] = (320, 80)
    swing = stride * np.sin(2 * np.pi * np.arange(FRAMES) / period)
    for side, sign in ((LEFT, 1), (RIGHT, -1)):
        for joint, share, height in zip(side, (0.1, 0.5, 1.0), (240, 320, 400), strict=True):
            pose[:, joint, 0], pose[:, joint, 1] = 320 + sign * share * swing, height
    return pose + np.random.default_rng(5).normal(0, jitter, pose.shape) * (1, 1, 0)


def exchanged(pose: NDArray[np.float32], low: int, high: int) -> NDArray[np.float32]:
    wrong = pose.copy()
    wrong[low:high, LEFT + RIGHT] = pose[low:high, RIGHT + LEFT]
    return wrong


def standing() -> NDArray[np.float32]:
    """Legs apart and still but for noise."""
    pose = walker(0, 60, jitter=1.0)
    pose[:, LEFT, 0] += 40
    pose[:, RIGHT, 0] -= 40
    return pose.astype(np.float32)


def count(pose: NDArray[np.float32]) -> int:
    shares = pose / np.array([640, 480, 1], np.float32)
    return len(swaps(shares.astype(np.float32), ASPECT).swaps)


@pytest.mark.parametrize("cuts", [(), (45,), (30, 32, 60), (37, 38)])
def test_an_exchange_for_a_second_is_put_back(cuts: tuple[int, ...]) -> None:
    right = standing()
    wrong = exchanged(right, 31, 62)
    assert count(wrong) == 1 and count(right) == 0
    parts, state = [], []  # type: ignore[var-annotated]
    for low, high in zip((0, *cuts), (*cuts, FRAMES), strict=True):
        part, state = correct_leg_swaps(wrong[low:high], TIMES[low:high], state)
        parts.append(part)
    assert np.array_equal(np.concatenate(parts), right)


@pytest.mark.parametrize("period", [14, 24, 60])
def test_legs_that_cross_are_left_alone(period: int) -> None:
    pose = walker(70, period, jitter=1.5).astype(np.float32)
    result, _ = correct_leg_swaps(pose, TIMES, [])
    assert np.array_equal(result, pose)
    assert count(pose) == 0


def test_what_is_said_for_long_is_believed() -> None:
    pose = exchanged(standing(), 5, FRAMES)
    result, _ = correct_leg_swaps(pose, TIMES, [])
    assert np.array_equal(result[-30:], pose[-30:])


def test_frames_without_anybody_and_long_gaps() -> None:
    pose = standing()
    pose[20:60] = 0
    wrong = exchanged(pose, 60, FRAMES)
    result, state = correct_leg_swaps(wrong, TIMES, [])
    assert np.array_equal(result, wrong) and len(state) == 2
    nobody = np.zeros_like(pose)
    assert correct_leg_swaps(nobody, TIMES, state) == (pytest.approx(nobody), state)
