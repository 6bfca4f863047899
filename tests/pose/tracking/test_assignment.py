"""The assignment of the highest sum, against all there are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from worker.pose.tracking.assignment import assign


def best(gains: np.ndarray) -> float:
    """The highest sum of gains, each row and column in one at most."""
    padded = np.hstack([gains, np.zeros((len(gains), len(gains)))])
    ways = itertools.permutations(range(padded.shape[1]), len(gains))
    return max(float(padded[range(len(gains)), list(way)].sum()) for way in ways)


@pytest.mark.parametrize("seed", range(200))
def test_no_other_assignment_has_a_higher_sum(seed: int) -> None:
    noise = np.random.default_rng(seed)
    gains = noise.random(noise.integers(0, 5, 2)) * 1.0
    gains[noise.random(gains.shape) < 0.4] = 0
    pairs = assign(gains)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(gains[pair] > 0 for pair in pairs)
    assert sum(gains[pair] for pair in pairs) == pytest.approx(best(gains))


def test_one_gives_way_where_both_gain() -> None:
    """The surest pair first would leave the second row without."""
    assert assign(np.array([[0.9, 0.8], [0.85, 0.0]])) == [(0, 1), (1, 0)]
