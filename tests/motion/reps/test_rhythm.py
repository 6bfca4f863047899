"""Movements that keep time: the period of a curve, and cycles that joints taken for each other
halved."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import Turns
from worker.motion.reps.rhythm import in_time, period

PACE = 0.5


def curve_of(seconds: Floats, pace: float = PACE) -> Floats:
    """What is between two legs that take turns every `pace` seconds."""
    return np.abs(np.sin(np.pi * seconds / pace))


@pytest.mark.parametrize("fps", [15, 24, 60])
@pytest.mark.parametrize("pace", [0.3, 0.5, 1.8])
def test_the_period_is_the_time_from_turn_to_turn(fps: float, pace: float) -> None:
    seconds = np.arange(0, 12, 1 / fps)
    assert period(seconds, curve_of(seconds, pace)) == pytest.approx(pace, abs=0.04)


def test_what_does_not_repeat_has_no_period() -> None:
    seconds = np.arange(0, 8, 1 / 30)
    assert period(seconds, seconds / 8) == 0
    assert period(seconds, np.full(len(seconds), np.nan)) == 0


def test_legs_taken_for_each_other_make_no_turn_more() -> None:
    seconds = np.arange(0, 10, 1 / 30)
    curve = curve_of(seconds)
    for swapped in (1.25, 3.75, 4.25, 7.25):  # at the height of a drive
        curve = np.where(np.abs(seconds - swapped) < 0.05, 0.0, curve)
    cycles = Turns(seconds, curve).cycles(0.35)
    assert len(cycles) == 24
    merged = in_time(cycles, seconds, curve)
    assert len(merged) == 20
    assert all(one.end <= other.start for one, other in pairwise(merged))
    assert min(cycle.size for cycle in merged) > 0.75


def test_cycles_far_enough_from_each_other_stay_as_they_are() -> None:
    seconds = np.arange(0, 10, 1 / 30)
    curve = curve_of(seconds)
    cycles = Turns(seconds, curve).cycles(0.35)
    assert in_time(cycles, seconds, curve) == cycles
