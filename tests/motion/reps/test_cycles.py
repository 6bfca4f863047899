"""Cycles of a curve: where they start, turn and end, and what is usual of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import BREAK, LEAST, Turns, _extremes, usual_of, usual_size


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
    turns = Turns(seconds, curve)
    cycles = turns.cycles(LEAST)
    assert [cycle.size for cycle in cycles] == pytest.approx(sizes, abs=0.01)
    for number, cycle in enumerate(map(turns.trimmed, cycles)):
        start = 1.0 + 3.0 * number
        assert seconds[cycle.start] == pytest.approx(start + 0.2, abs=0.2)
        assert seconds[cycle.turn] == pytest.approx(start + 1.0, abs=0.1)
        assert seconds[cycle.end] == pytest.approx(start + 1.8, abs=0.2)


def test_what_wavers_less_than_asked_is_one_cycle() -> None:
    seconds, curve = course([1.0])
    curve = curve + 0.1 * np.sin(2 * np.pi * 2 * seconds) * (curve > 0.3)
    assert len(Turns(seconds, curve).cycles(0.5)) == 1


def test_a_clip_may_open_and_close_amid_a_movement() -> None:
    seconds, curve = course([1.0, 1.0, 1.0])
    cut = slice(60, len(curve) - 60)
    first, middle, last = Turns(seconds[cut], curve[cut]).cycles(LEAST)
    assert first.opens and not middle.opens and not middle.closes and last.closes
    assert first.out < 0.1 < first.back and last.back < 0.1 < last.out


def test_a_long_loss_parts() -> None:
    seconds, curve = course([1.0, 1.0])
    curve[(seconds > 3.0) & (seconds < 5.0)] = np.nan
    first, second = Turns(seconds, curve).cycles(LEAST)
    assert not first.opens and second.opens


def test_many_small_ones_do_not_make_the_usual_size() -> None:
    seconds, curve = course([1.0, 0.2, 0.2, 0.2, 1.0, 0.2, 0.2, 1.0])
    assert usual_size(Turns(seconds, curve).cycles(LEAST)) == pytest.approx(1.0, abs=0.02)
    assert usual_of([]) == 0.0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from((0.0, 0.05, 0.2, 0.25, 0.6, 1.0, float("nan"))), max_size=80),
    st.floats(LEAST, 0.8),
    st.floats(0.05, 2.0),
)
def test_fewer_turns_are_some_of_the_many(levels: list[float], turn: float, step: float) -> None:
    """Those at least so far from each other, out of all places or out of those that were kept."""
    curve = np.array(levels)
    seconds = step * np.arange(len(curve))
    expected = []
    known = np.flatnonzero(np.isfinite(curve))
    parts = np.split(known, np.flatnonzero(np.diff(seconds[known]) > BREAK) + 1)
    for rows in parts if len(known) else ():
        extremes = _extremes(curve[rows].tolist(), turn)
        expected += [int(rows[place]) for high, place in extremes if high]
    assert [cycle.turn for cycle in Turns(seconds, curve).cycles(turn)] == expected
