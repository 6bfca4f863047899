"""Smoothing keeps movements where they are and bridges short losses only."""

from __future__ import annotations

import numpy as np
import pytest

from worker.motion.smoothing import smoothed


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
    body, known = smoothed(times, joints, slice(int(fps), int(2 * fps)), 100, 100)
    assert known.all()
    expected = joints[int(fps) : int(2 * fps), 0, 1]
    assert np.abs(body.y[:, 0] - expected).max() < 0.012


def test_noise_goes() -> None:
    times, joints = window(30, "line")
    noisy = joints + np.random.default_rng(1).normal(0, 0.01, joints.shape).astype(np.float32)
    block = slice(20, 70)
    body, _ = smoothed(times, noisy, block, 100, 100)
    before = np.abs(noisy[block, :, 1] - joints[block, :, 1]).mean()
    after = np.abs(body.y - joints[block, :, 1]).mean()
    assert after < 0.65 * before


@pytest.mark.parametrize(("lost", "bridged"), [(9, True), (20, False)])
def test_short_losses_are_bridged_and_long_ones_are_not(lost: int, bridged: bool) -> None:
    times, joints = window(30, "line")
    truth = joints.copy()
    joints[40 : 40 + lost] = 0
    body, known = smoothed(times, joints, slice(40, 40 + lost), 100, 100)
    assert known.all() == bridged and known.any() == bridged
    if bridged:
        assert np.abs(body.y[:, 0] - truth[40 : 40 + lost, 0, 1]).max() < 0.005
    else:
        assert not body.score.any()


def test_a_joint_that_is_guessed_counts_less() -> None:
    times, joints = window(30, "line")
    joints[45, 9] = (0.9, 0.9, 0.05)
    body, _ = smoothed(times, joints, slice(40, 50), 100, 100)
    assert abs(body.y[5, 9] - (0.2 + 0.1 * 1.5)) < 0.01


def test_the_frame_is_made_square() -> None:
    times, joints = window(30, "line")
    body, _ = smoothed(times, joints, slice(40, 42), 1280, 720)
    assert body.x[0, 0] == pytest.approx(body.y[0, 0] * 1280 / 720)
