"""Smoothing keeps movements where they are and bridges short losses only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.motion.frames.smoothing import CONTEXT_US, smoothed


def window(fps: float, course: str = "sine") -> tuple[np.ndarray, np.ndarray]:
    times = np.round(np.arange(int(3 * fps)) * 1e6 / fps).astype(np.int64)
    joints = np.full((len(times), 17, 3), 0.9, np.float32)
    seconds = times * 1e-6
    value = 0.5 + 0.2 * np.sin(2 * np.pi * seconds) if course == "sine" else 0.2 + 0.1 * seconds
    joints[..., 0] = joints[..., 1] = value[:, None]
    return times, joints


@pytest.mark.parametrize("fps", [8, 15, 30, 60])
def test_a_movement_of_one_hertz_passes_without_lag(fps: float) -> None:
    times, joints = window(fps)
    body, known = smoothed(times, joints, slice(int(fps), int(2 * fps)), 1.0)
    assert known.all()
    expected = joints[int(fps) : int(2 * fps), 0, 1]
    assert np.abs(body.y[:, 0] - expected).max() < 0.012


def test_noise_goes() -> None:
    times, joints = window(30, "line")
    noisy = joints + np.random.default_rng(1).normal(0, 0.01, joints.shape).astype(np.float32)
    block = slice(20, 70)
    body, _ = smoothed(times, noisy, block, 1.0)
    before = np.abs(noisy[block, :, 1] - joints[block, :, 1]).mean()
    after = np.abs(body.y - joints[block, :, 1]).mean()
    assert after < 0.65 * before


@pytest.mark.parametrize(("lost", "bridged"), [(9, True), (20, False)])
def test_short_losses_are_bridged_and_long_ones_are_not(lost: int, bridged: bool) -> None:
    times, joints = window(30, "line")
    truth = joints.copy()
    joints[40 : 40 + lost] = 0
    body, known = smoothed(times, joints, slice(40, 40 + lost), 1.0)
    assert known.all() == bridged and known.any() == bridged
    if bridged:
        assert np.abs(body.y[:, 0] - truth[40 : 40 + lost, 0, 1]).max() < 0.005
    else:
        assert not body.score.any()


def test_a_joint_that_is_guessed_counts_less() -> None:
    times, joints = window(30, "line")
    joints[45, 9] = (0.9, 0.9, 0.05)
    body, _ = smoothed(times, joints, slice(40, 50), 1.0)
    assert abs(body.y[5, 9] - (0.2 + 0.1 * 1.5)) < 0.01


def test_the_frame_is_made_square() -> None:
    times, joints = window(30, "line")
    body, _ = smoothed(times, joints, slice(40, 42), 1280 / 720)
    assert body.x[0, 0] == pytest.approx(body.y[0, 0] * 1280 / 720)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 89), st.integers(1, 60), st.integers(0, 3), st.sampled_from([24, 60]))
def test_a_frame_has_the_same_bits_in_any_company(
    start: int, count: int, seed: int, fps: int
) -> None:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.integers(1, 2_000_000 // fps, 150)).astype(np.int64)
    joints = random.random((len(times), 17, 3), np.float32)
    joints[random.random(len(times)) < 0.15] = 0
    whole, there = smoothed(times, joints, slice(0, len(times)), 1280 / 720)
    rows = slice(start, start + count)
    own = times[rows]
    low = int(np.searchsorted(times, own[0] - CONTEXT_US))
    high = int(np.searchsorted(times, own[-1] + CONTEXT_US, side="right"))
    window = slice(low, high)
    inside = slice(start - low, start - low + count)
    alone, known = smoothed(times[window], joints[window], inside, 1280 / 720)
    assert known.tolist() == there[rows].tolist()
    for name in ("x", "y", "score"):
        assert getattr(alone, name).tobytes() == getattr(whole, name)[rows].tobytes()


def test_neighbours_at_the_very_reach_count_alike_before_and_after() -> None:
    times, still = window(30, "line")
    still[..., :2] = 0.5
    for row in range(20, 60):
        moved = []
        for other in (row - 6, row + 6):
            joints = still.copy()
            joints[other, :, 1] = 0.9
            moved.append(smoothed(times, joints, slice(20, 60), 1.0)[0].y[row - 20, 0] - 0.5)
        assert abs(moved[0]) > 1e-4
        assert moved[0] == pytest.approx(moved[1], rel=1e-4)
