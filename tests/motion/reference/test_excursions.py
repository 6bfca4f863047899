"""Cycles of one channel of progress."""

from __future__ import annotations

import itertools
import math

import numpy as np

from worker.motion.reference.excursions import Excursion, ExcursionFinder


def cycles(values: list[float], fps: float = 30.0, longest: float = 20.0) -> list[Excursion]:
    finder = ExcursionFinder(longest)
    found = [finder.step(row, row / fps, value) for row, value in enumerate(values)]
    return [cycle for cycle in found if cycle is not None]


def path(*points: float, steps: int = 20) -> list[float]:
    """Straight lines between the points."""
    line: list[float] = []
    for first, last in itertools.pairwise(points):
        line += np.linspace(first, last, steps, endpoint=False).tolist()
    return [*line, points[-1]]


def test_out_and_back_is_one_cycle() -> None:
    (cycle,) = cycles(path(0, 0, 1, 0, 0))
    assert cycle.low == 0 and cycle.peak == 1
    assert 18 <= cycle.first <= 24 and 50 <= cycle.last <= 60


def test_pulses_at_the_bottom_are_one_cycle() -> None:
    assert len(cycles(path(0, 1, 0.6, 1, 0.55, 1, 0))) == 1


def test_reps_that_never_lock_out_are_cycles() -> None:
    assert len(cycles(path(0.3, 1, 0.35, 1, 0.3, 1, 0.35))) == 3


def test_a_wobble_in_the_start_pose_is_none() -> None:
    assert cycles(path(0, 0.2, 0, 0.2, -0.05, 0.15, 0)) == []


def test_a_clip_that_begins_at_the_bottom_has_no_first_cycle() -> None:
    assert len(cycles(path(1, 0, 1, 0))) == 1


def test_staying_down_too_long_gives_up() -> None:
    assert cycles(path(0, 1, *[1.0] * 12, 0), longest=5.0) == []


def test_the_end_of_the_media_may_complete_a_rep_that_is_nearly_back() -> None:
    for rest, expected in ((0.4, True), (0.8, False)):
        finder = ExcursionFinder(20.0)
        values = path(0, 1, rest)
        for row, value in enumerate(values):
            assert finder.step(row, row / 30, value) is None
        assert (finder.finish() is not None) is expected


def test_what_is_unseen_for_long_ends_an_excursion() -> None:
    for unseen, found in ((20, 1), (80, 0)):
        assert len(cycles([*path(0, 0, 1), *[math.nan] * unseen, *path(1, 0)])) == found
