"""Refinement from heatmaps: cases that are computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from worker.pose.estimators.heatmap_refinement import refined

NEVER = -1e4


def logit(confidence: float) -> float:
    return math.log(confidence / (1 - confidence))


def refine(place: tuple[float, float], cells: dict[tuple[int, int], float]) -> list[float]:
    """Where `place` goes on a heatmap of 64 x 64 cells with confidence at (column, row)."""
    heatmap = np.full((1, 64, 64), NEVER, np.float32)
    for (column, row), confidence in cells.items():
        heatmap[0, row, column] = logit(confidence)
    moved: list[float] = refined(np.array([place], np.float32), heatmap)[0].tolist()
    return moved


def test_one_cell_takes_the_landmark() -> None:
    # the place lies in cell (20, 30); three cells away is within the window of seven
    place = (20.7 / 64, 30.2 / 64)
    assert refine(place, {(23, 27): 0.8}) == pytest.approx([23 / 64, 27 / 64])
    assert refine(place, {(24, 30): 0.8}) == pytest.approx(place)  # four are not


def test_cells_weigh_by_their_confidence() -> None:
    # (20 * 0.75 + 22 * 0.25) / 1 = 20.5 across, (30 * 0.75 + 33 * 0.25) / 1 = 30.75 down
    moved = refine((20.5 / 64, 30.5 / 64), {(20, 30): 0.75, (22, 33): 0.25})
    assert moved == pytest.approx([20.5 / 64, 30.75 / 64], abs=1e-6)


def test_an_unsure_heatmap_has_no_say() -> None:
    place = (0.41, 0.52)
    assert refine(place, {(26, 33): 0.49}) == pytest.approx(place)
    assert refine(place, {(26, 33): 0.51}) != pytest.approx(place)


def test_the_window_is_cut_off_at_the_border() -> None:
    # cell (1, 62): the window is columns 0-4 and rows 59-63
    moved = refine((1.5 / 64, 62.5 / 64), {(0, 63): 0.6, (4, 59): 0.6, (5, 62): 0.9})
    assert moved == pytest.approx([2 / 64, 61 / 64], abs=1e-6)


@pytest.mark.parametrize("place", [(-0.1, 0.5), (0.5, 1.01), (1.0, 0.5)])
def test_what_lies_outside_stays(place: tuple[float, float]) -> None:
    everywhere = {(column, row): 0.9 for column in range(64) for row in range(64)}
    assert refine(place, everywhere) == pytest.approx(place)


def test_each_landmark_has_its_own_heatmap() -> None:
    heatmaps = np.full((2, 64, 64), NEVER, np.float32)
    heatmaps[1, 12, 11] = logit(0.9)
    places = np.full((2, 2), 10.5 / 64, np.float32)
    moved = refined(places, heatmaps)
    assert moved[0] == pytest.approx(places[0])
    assert moved[1] == pytest.approx([11 / 64, 12 / 64])
