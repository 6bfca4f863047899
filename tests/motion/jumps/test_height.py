"""What height a jump is told with, by exercise, and what makes it implausible."""

from __future__ import annotations

from dataclasses import replace

import pytest

from worker.exercises.jumps import AIR_TIME_JUMP, JUMP_ANALYSIS
from worker.exercises.model import JumpExercise
from worker.motion.jumps.calibration import Calibration, Tilt
from worker.motion.jumps.estimate import Estimate
from worker.motion.jumps.height import TOES, Flight, HipPath, Jump, Subject, judged

STANDING = Calibration(scale=300.0, hips=(0.55, 0.55), floor=0.82, stature=0.58)
SUBJECT = Subject(1.74, STANDING, Tilt(0.0, 9 / 16))
HEELS = TOES * 1.74


def flight(height: float, slow: bool = False) -> Flight:
    """A flight of `height` metres whose time is known to 15 ms."""
    landing = Estimate(1.0 + (8 * height / 9.81) ** 0.5, 0.015)
    return Flight(Estimate(1.0, 0.0), landing, slow)


def hips(rise: float | None) -> HipPath:
    """Hips that were seen to rise by `rise` metres, to 3 cm; None where nobody stood before."""
    if rise is None:
        return HipPath(None, 0.4, "both", None)
    return HipPath(0.55, 0.55 - rise / 3, "both", Estimate(rise, 0.03))


def told(exercise: JumpExercise, height: float | None, rise: float | None) -> Jump:
    found = judged(exercise, None if height is None else flight(height), hips(rise), SUBJECT)
    assert isinstance(found, Jump) and found.height is not None
    return found


def test_air_time_has_the_height_of_the_flight() -> None:
    for rise in (None, 0.45, 0.9):
        found = told(AIR_TIME_JUMP, 0.36, rise)
        assert found.height is not None and found.height.value == pytest.approx(0.36)
        # dh = g t / 4 dt
        assert found.height.sigma == pytest.approx(9.81 * flight(0.36).seconds.value / 4 * 0.015)
        assert found.air == pytest.approx(flight(0.36).seconds.value) and found.reason is None


def test_the_rise_of_the_hips_lies_between_both_measures() -> None:
    found = told(JUMP_ANALYSIS, 0.36, 0.36 + HEELS + 0.04).height
    assert found is not None
    assert 0 < found.value - 0.36 - HEELS < 0.02 < 0.03 > found.sigma


@pytest.mark.parametrize("pitch", [0.0, 10.0])
def test_the_top_that_is_told_is_that_of_the_height(pitch: float) -> None:
    subject = replace(SUBJECT, tilt=Tilt(pitch, 9 / 16))
    found = judged(JUMP_ANALYSIS, flight(0.36), hips(0.46), subject)
    assert isinstance(found, Jump) and found.hips.baseline is not None and found.height is not None
    rise = subject.tilt.level(found.hips.baseline) - subject.tilt.level(found.hips.top)
    assert rise * STANDING.scale / 100 == pytest.approx(found.height.value)


@pytest.mark.parametrize("off", [-0.2, 0.2])
def test_the_flight_wins_where_the_hips_disagree(off: float) -> None:
    found = told(JUMP_ANALYSIS, 0.36, 0.36 + HEELS + off)
    assert found.reason == "hips_disagree" and found.height is not None
    assert found.height.value == pytest.approx(0.36 + HEELS)


def test_without_a_standing_pose_the_flight_tells_the_rise() -> None:
    found = told(JUMP_ANALYSIS, 0.36, None)
    assert found.reason == "not_calibrated" and found.height is not None
    assert found.height.value == pytest.approx(0.36 + HEELS)


def test_with_hidden_feet_the_hips_alone_tell() -> None:
    for exercise, height in ((JUMP_ANALYSIS, 0.5), (AIR_TIME_JUMP, 0.5 - HEELS)):
        found = told(exercise, None, 0.5)
        assert found.height is not None and found.height.value == pytest.approx(height)
        assert found.air is None


def test_in_slow_motion_the_picture_tells_the_rise_and_nothing_the_flight() -> None:
    found = judged(AIR_TIME_JUMP, flight(0.9, slow=True), hips(0.5), SUBJECT)
    assert isinstance(found, Jump) and found.height is None and found.air is None
    assert found.reason == "slow_motion"
    found = judged(JUMP_ANALYSIS, flight(0.9, slow=True), hips(0.5), SUBJECT)
    assert isinstance(found, Jump) and found.height == Estimate(0.5, 0.03) and found.air is None
    found = judged(JUMP_ANALYSIS, flight(0.9, slow=True), hips(None), SUBJECT)
    assert isinstance(found, Jump) and found.height is None and found.reason == "slow_motion"


@pytest.mark.parametrize("exercise", [AIR_TIME_JUMP, JUMP_ANALYSIS], ids=["air", "hips"])
def test_what_cannot_be_is_discarded(exercise: JumpExercise) -> None:
    unseen = {"air_time": "feet_hidden", "hips": "not_calibrated"}[exercise.by]
    assert judged(exercise, flight(0.02), hips(0.1), SUBJECT) == "too_low"
    assert judged(exercise, flight(1.5), hips(1.6), SUBJECT) == "implausible_height"
    assert judged(exercise, None, hips(None), SUBJECT) == unseen
