"""Which frames are looked at again, and which pose is taken."""

from __future__ import annotations

import numpy as np
import pytest

from worker.pose.tracking.second_look import MOST, SURER, WIDER, doubtful, looked_at_again

FRAMES = 60
BOX = np.array([100, 100, 200, 400], np.float32)


def poses(**scores: float) -> np.ndarray:
    """Somebody who stands still, seen with 0.8 but where `scores` (r<row>) say otherwise."""
    joints = np.full((FRAMES, 17, 3), 0.8, np.float32)
    joints[..., 0], joints[..., 1] = 150, np.linspace(120, 380, 17)
    for name, score in scores.items():
        joints[int(name[1:]), :, 2] = score
        joints[int(name[1:]), :, 0] += 30
    return joints


def boxes() -> np.ndarray:
    return np.repeat(BOX[None], FRAMES, 0)


def test_what_is_far_less_sure_than_the_rest_is_doubted() -> None:
    assert doubtful(poses()) == []
    assert doubtful(poses(r7=0.3, r20=0.2)) == [20, 7]
    assert doubtful(poses(r7=0.0)) == []
    few = {f"r{n}": 0.1 for n in range(20)}
    assert len(doubtful(poses(**few))) == int(MOST * FRAMES)
    assert doubtful(poses() * np.float32([1, 1, 0.4])) == []


@pytest.mark.parametrize(
    ("score", "shift", "taken"),
    [(0.7, 0.0, True), (0.3 * SURER - 0.01, 0.0, False), (0.9, 60.0, False)],
)
def test_a_pose_that_is_surer_and_nearer_is_taken(score: float, shift: float, taken: bool) -> None:
    joints = poses(r30=0.3)
    other = poses()[30]
    other[:, 2], other[:, 0] = score, 150 + shift
    asked: list[np.ndarray] = []

    def estimate(row: int, box: np.ndarray) -> np.ndarray:
        assert row == 30
        asked.append(box)
        return other

    assert looked_at_again(joints, boxes(), estimate) == 1
    assert asked[0][2] - asked[0][0] == pytest.approx(100 * WIDER)
    assert (joints[30] == other).all() == taken
    assert joints[29] == pytest.approx(poses()[29])
