"""Cycles of a curve: where they start, turn and end, and what is usual of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import cycles_of, trimmed, usual_of, usual_size


def course(sizes: list[float], rest: float = 1.0, rate: float = 30.0) -> tuple[Floats, Floats]:
    """Times and a curve of movements of two seconds with rests between them."""
    parts = [np.zeros(int(rest * rate))]
    for size in sizes:
        angle = np.linspace(0, 2 * np.pi, int(2 * rate))
        parts += [size * (1 - np.cos(angle)) / 2, np.zeros(int(rest * rate))]
    curve = np.concatenate(parts)
    return np.arange(len(curve)) / rate, curve


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.2, 1.5), min_size=1, max_size=8))
def test_every_movement_is_a_cycle(sizes: list[float]) -> None:
    seconds, curve = course(sizes)
    cycles = cycles_of(seconds, curve)
    assert [cycle.size for cycle in cycles] == pytest.approx(sizes, abs=0.01)
    for number, cycle in enumerate(trimmed(cycle, curve) for cycle in cycles):
        start = 1.0 + 3.0 * number
        assert seconds[cycle.start] == pytest.approx(start + 0.2, abs=0.2)
        assert seconds[cycle.turn] == pytest.approx(start + 1.0, abs=0.1)
        assert seconds[cycle.end] == pytest.approx(start + 1.8, abs=0.2)


def test_a_turn_that_is_held_is_in_the_middle_of_it() -> None:
    curve = np.concatenate((np.zeros(30), np.ones(120), np.zeros(30)))
    (cycle,) = cycles_of(np.arange(180) / 30, curve)
    assert trimmed(cycle, curve).turn == pytest.approx(90, abs=1)


def test_what_wavers_less_than_asked_is_one_cycle() -> None:
    seconds, curve = course([1.0])
    curve = curve + 0.1 * np.sin(2 * np.pi * 2 * seconds) * (curve > 0.3)
    assert len(cycles_of(seconds, curve, 0.5)) == 1


def test_a_clip_may_open_and_close_amid_a_movement() -> None:
    seconds, curve = course([1.0, 1.0, 1.0])
    cut = slice(60, len(curve) - 60)
    first, middle, last = cycles_of(seconds[cut], curve[cut])
    assert first.opens and not middle.opens and not middle.closes and last.closes
    assert first.out < 0.1 < first.back and last.back < 0.1 < last.out


def test_a_long_loss_parts() -> None:
    seconds, curve = course([1.0, 1.0])
    curve[(seconds > 3.0) & (seconds < 5.0)] = np.nan
    first, second = cycles_of(seconds, curve)
    assert not first.opens and second.opens


def test_many_small_ones_do_not_make_the_usual_size() -> None:
    seconds, curve = course([1.0, 0.2, 0.2, 0.2, 1.0, 0.2, 0.2, 1.0])
    assert usual_size(cycles_of(seconds, curve)) == pytest.approx(1.0, abs=0.02)
    assert usual_of([]) == 0.0
