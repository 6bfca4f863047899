"""Keyframes, and boxes between them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pose.tracking.box_interpolation import KEYFRAME_S, interpolate, keyframes


def times(count: int, fps: float) -> np.ndarray:
    return np.round(np.arange(count) * 1e6 / fps).astype(np.int64)


@pytest.mark.parametrize(
    ("count", "fps", "rows"),
    [
        (1, 30, [0]),
        (2, 30, [0, 1]),
        (14, 30, [0, 6, 12, 13]),
        (13, 60, [0, 12]),
        (4, 5, [0, 1, 2, 3]),
        (3, 1, [0, 1, 2]),
        (8, 29.97, [0, 6, 7]),
    ],
)
def test_keyframes(count: int, fps: float, rows: list[int]) -> None:
    assert keyframes(times(count, fps)) == rows


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=60))
def test_no_time_is_left_without_a_keyframe(steps: list[int]) -> None:
    at = np.cumsum([0, *steps]).astype(np.int64)
    rows = keyframes(at)
    assert rows == sorted(set(rows))
    assert (rows[0], rows[-1]) == (0, len(at) - 1)
    for low, high in itertools.pairwise(rows):
        assert high == low + 1 or at[high - 1] - at[low] < KEYFRAME_S * 1e6


def box(value: float) -> np.ndarray:
    return np.array([value, value, value + 10, value + 20], np.float32)


def interpolated(
    at: np.ndarray, rows: list[int], boxes: list[np.ndarray | None]
) -> list[np.ndarray | None]:
    """A box or None for every frame."""
    path: list[np.ndarray | None] = [None] * len(at)
    for row, placed in interpolate(at, zip(rows, boxes, strict=True)):
        path[row] = placed
    return path


def test_boxes_move_evenly_in_time_not_in_frames() -> None:
    at = np.array([0, 100_000, 400_000, 1_000_000], np.int64)
    path = interpolated(at, [0, 3], [box(0), box(100)])
    assert [round(float(b[0])) for b in path if b is not None] == [0, 10, 40, 100]


def test_unknown_keyframes_are_bridged_but_not_invented() -> None:
    at = times(31, 10)
    path = interpolated(at, [0, 10, 20, 30], [None, box(0), None, box(10)])
    assert [n for n, b in enumerate(path) if b is not None] == [10, 30]  # 2 s are too long
    path = interpolated(at[:21], [0, 10, 20], [box(0), None, box(20)])
    assert [n for n, b in enumerate(path) if b is not None] == [0, 20]
    path = interpolated(at[:16], [0, 10, 15], [box(0), None, box(15)])
    assert [float(b[0]) for b in path if b is not None] == pytest.approx(range(16), abs=1e-4)
    assert interpolated(at[:3], [0, 2], [None, None]) == [None] * 3
