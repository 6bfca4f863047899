from __future__ import annotations

import numpy as np
import pytest

from worker.media.track import PoseTrack


@pytest.fixture
def track() -> PoseTrack:
    """Poses at 0, 100, 200 and 900 ms whose x is the time in seconds; nobody at 200 ms."""
    times = np.array([0, 100_000, 200_000, 900_000, 1_000_000])
    keypoints = np.ones((5, 17, 3), np.float32)
    keypoints[..., 0] = times[:, None] / 1e6
    keypoints[2] = 0
    return PoseTrack(times, keypoints)


def x_at(track: PoseTrack, time_us: int, tolerance_us: int = 10_000) -> float | None:
    pose = track.at(time_us, tolerance_us)
    return None if pose is None else float(pose[0, 0])


@pytest.mark.parametrize(
    ("time_us", "expected"),
    [
        (0, 0.0),
        (-9_000, 0.0),
        (-11_000, None),
        (8_000, 0.0),
        (25_000, 0.025),
        (92_000, 0.1),
        (150_000, None),
        (200_000, None),
        (950_000, 0.95),
        (1_009_000, 1.0),
        (1_011_000, None),
    ],
)
def test_nearest_else_between(track: PoseTrack, time_us: int, expected: float | None) -> None:
    assert x_at(track, time_us) == (None if expected is None else pytest.approx(expected))


def test_far_poses_are_not_joined() -> None:
    track = PoseTrack(np.array([0, 600_000]), np.ones((2, 17, 3), np.float32))
    assert x_at(track, 300_000) is None


def test_an_empty_track() -> None:
    empty = PoseTrack(np.empty(0, np.int64), np.empty((0, 17, 3), np.float32))
    assert empty.at(0, 10_000) is None
