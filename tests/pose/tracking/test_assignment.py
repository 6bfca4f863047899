"""Detections and tracks are paired so that all gain most."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from worker.pose.tracking.assignment import assign

matrices = st.integers(1, 4).flatmap(
    lambda columns: st.lists(
        st.lists(st.floats(0, 1, width=16), min_size=columns, max_size=columns),
        min_size=1,
        max_size=4,
    )
)


def best(gains: list[list[float]]) -> float:
    """The largest sum by trying all."""
    rows, columns = len(gains), len(gains[0])
    if rows > columns:
        return best([list(column) for column in zip(*gains, strict=True)])
    return max(
        sum(gains[row][column] for row, column in enumerate(chosen))
        for chosen in permutations(range(columns), rows)
    )


@given(matrices)
def test_no_other_pairs_gain_more(gains: list[list[float]]) -> None:
    pairs = assign(gains)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert abs(sum(gains[row][column] for row, column in pairs) - best(gains)) < 1e-9


def test_who_takes_the_best_does_not_leave_the_other_without() -> None:
    assert assign([[0.9, 0.8], [0.8, 0.0]]) == [(0, 1), (1, 0)]
    assert assign([]) == assign([[]]) == []
    assert assign([[0.0, 0.0]]) == []
