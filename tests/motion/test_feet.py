"""Ankles that slip down a pointing foot are put back where the shank ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from athlete.jobs import entries_of
from athlete.jumps import JumpScript, perform_jumps
from athlete.perform import Camera, Script

from worker.contract.messages import JumpSummary
from worker.contract.options import JobOptions
from worker.contract.poses import PoseChunk
from worker.motion.features import Floats
from worker.motion.jumps.feet import ankle_heights
from worker.motion.jumps.signals import Rows

AIR = JobOptions(exercise="air_time_jump")
STATURE = 0.6
STANDING, FLYING = 30, 20
# Eyes, shoulders, hips, knees and ankles of somebody who stands, in frame heights.
LEVELS = {(0, 5): 0.2, (5, 11): 0.3, (11, 13): 0.5, (13, 15): 0.64, (15, 17): 0.78}


def rows(
    shank: float = 1.0,
    rest: float = 1.0,
    noise: float = 0.0,
    score: float = 0.8,
    upright: bool = True,
) -> Rows:
    """Two seconds of standing, then a flight in which shanks and all other bones are longer."""
    n = STANDING + FLYING
    joints = np.full((n, 17, 3), 0.5)
    for (first, last), level in LEVELS.items():
        joints[:, first:last, 1] = level
    flight = joints[STANDING:]
    flight[:, :13, 1] = 0.64 + rest * (flight[:, :13, 1] - 0.64)
    flight[:, 15:, 1] = 0.64 + shank * (flight[:, 15:, 1] - 0.64)
    flight[:, 13:15, 2] = score
    joints[..., :2] += np.random.default_rng(3).normal(0, noise, (n, 17, 2))
    flat = np.full(n, 0.5)
    return Rows(
        seconds=np.arange(n) / 15, joints=joints, hip=flat, feet=joints[:, 15:, 1],
        size=np.full(n, STATURE), sure=flat, upright=np.full(n, upright),
        known=np.full(n, True),
    )  # fmt: skip


def lifted(found: Rows) -> Floats:
    """How far up the ankles were put in the flight, by shank length."""
    begin, end = found.seconds[STANDING], found.seconds[-1]
    near = found.between(begin - 0.1, end)
    path = ankle_heights(found, near, begin, end, STATURE)
    result: Floats = (near.joints[:, 15:, 1] - path)[-FLYING:] / 0.14
    return result


def test_a_shank_keeps_its_length() -> None:
    assert lifted(rows(shank=1.15)) == pytest.approx(0.15, abs=0.001)


@pytest.mark.parametrize("shank", [1.0, 0.9, 0.6])
def test_a_shank_that_is_no_longer_is_left(shank: float) -> None:
    assert not lifted(rows(shank=shank)).any()


def test_who_comes_nearer_grows_all_over() -> None:
    assert not lifted(rows(shank=1.1, rest=1.13)).any()
    assert lifted(rows(shank=1.15, rest=1.07)) == pytest.approx(0.1, abs=0.005)


def test_noise_alone_moves_nothing() -> None:
    assert not lifted(rows(noise=0.006)).any()
    assert lifted(rows(shank=1.15, noise=0.003)).mean() == pytest.approx(0.15, abs=0.02)


def test_without_a_standing_pose_or_knees_nothing_is_known() -> None:
    assert not lifted(rows(shank=1.15, upright=False)).any()
    assert not lifted(rows(shank=1.15, score=0.1)).any()


def drooping(chunk: PoseChunk, metres: float) -> PoseChunk:
    """The ankles slip down by up to `metres` as the heels rise by up to 9 cm."""
    joints = chunk.keypoints.copy()
    seen = joints[:, 0, 2] > 0
    floor = np.median(joints[seen][:30, 15:, 1])
    metre = (floor - np.median(joints[seen][:30, 1, 1])) / (0.9 * 1.75)
    rise = np.clip((floor - joints[:, 15:, 1]) / metre / 0.09, 0, 1)
    joints[:, 15:, 1] += np.where(seen[:, None], rise * metres * metre, 0.0)
    return replace(chunk, keypoints=joints)


@pytest.mark.parametrize("yaw", [0.0, 90.0])
def test_pointing_feet_do_not_lower_the_jump(yaw: float, monkeypatch: pytest.MonkeyPatch) -> None:
    script = JumpScript((0.25, 0.45), seen=Script(fps=60, noise=0.003, camera=Camera(yaw=yaw)))
    head, chunk, _ = perform_jumps(script)

    def heights(said: PoseChunk) -> Floats:
        entries, _ = entries_of(head, [said], AIR)
        summary = next(e.message for e in entries if isinstance(e.message, JumpSummary))
        return np.array([jump.jumpHeightCm for jump in summary.jumps])

    plain, slipped = heights(chunk), heights(drooping(chunk, 0.06))
    assert slipped == pytest.approx(plain, abs=1.0)
    monkeypatch.setattr(
        "worker.motion.jumps.fit.ankle_heights", lambda rows, near, *_: near.joints[:, 15:17, 1]
    )
    assert (heights(drooping(chunk, 0.06)) < plain - 2).all()
