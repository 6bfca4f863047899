"""Regions: where their corners lie in the picture, what they show, how they turn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pose.geometry.roi import (
    MARGIN,
    Region,
    crop,
    from_box,
    from_points,
    matrix,
    unwrap_angles,
)

SIZE = 64
places = st.floats(-200, 800, width=32)


def region(x: float, y: float, side: float, turn: float) -> Region:
    return np.array([x, y, side, turn], np.float32)


def corners(one: Region) -> np.ndarray:
    """The region's upper left, upper right and lower left corner in the picture."""
    own = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1]], float)
    return own @ matrix(one).T


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (0, [[60, 160], [140, 160], [60, 240]]),
        # a quarter clockwise: the upper edge is on the right
        (math.pi / 2, [[140, 160], [140, 240], [60, 160]]),
        (-math.pi / 2, [[60, 240], [60, 160], [140, 240]]),
        (math.pi / 4, [[100, 200 - 80 / math.sqrt(2)], [100 + 80 / math.sqrt(2), 200],
                       [100 - 80 / math.sqrt(2), 200]]),
    ],
)  # fmt: skip
def test_corners_by_hand(turn: float, expected: list[list[float]]) -> None:
    assert corners(region(100, 200, 80, turn)) == pytest.approx(np.array(expected), abs=1e-4)


@pytest.mark.parametrize(
    ("rim", "turn"),
    [
        ((100, 140), 0),  # over the hips: upright
        ((160, 200), math.pi / 2),  # the head is on the right
        ((40, 200), -math.pi / 2),
        ((100, 260), -math.pi),  # upside down
    ],
)
def test_a_body_stands_upright_in_its_region(rim: tuple[float, float], turn: float) -> None:
    one = from_points(np.array([100.0, 200.0]), np.array(rim, float))
    assert one == pytest.approx([100, 200, 2 * 60 * MARGIN, turn], abs=1e-4)
    inside = np.linalg.solve(matrix(one)[:, :2], np.array(rim) - matrix(one)[:, 2])
    assert inside == pytest.approx([0.5, 0.5 - 1 / (2 * MARGIN)], abs=1e-5)


@given(places, places, places, places)
def test_the_rim_is_over_the_middle_whatever_the_turn(
    x: float, y: float, across: float, down: float
) -> None:
    centre, rim = np.array([x, y]), np.array([across, down])
    if np.hypot(*(rim - centre)) < 8:
        return
    one = from_points(centre, rim)
    assert -math.pi <= one[3] <= math.pi
    seen = np.array([0.5, 0.5 - 1 / (2 * MARGIN), 1]) @ matrix(one).T
    assert seen == pytest.approx(rim, abs=0.01)


def test_a_box_lies_in_its_region() -> None:
    assert from_box(np.array([10, 20, 50, 100], np.float32)) == pytest.approx(
        [30, 60, 80 * MARGIN, 0]
    )
    assert from_box(np.array([10, 20, 10, 20], np.float32), 0.5)[2:] == pytest.approx([10, 0.5])


@pytest.mark.parametrize("turn", [0.0, 0.4, -2.0])
def test_a_spot_is_seen_where_the_matrix_says(turn: float) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    image[98:103, 148:153] = 200  # about the point (150.5, 100.5)
    one = region(160, 110, 96, turn)
    y, x, _ = np.nonzero(crop(image, one, SIZE) > 100)
    seen = np.array([x.mean() + 0.5, y.mean() + 0.5]) / SIZE
    assert np.append(seen, 1) @ matrix(one).T == pytest.approx([150.5, 100.5], abs=0.3)


def test_beyond_the_picture_is_black() -> None:
    shown = crop(np.full((100, 100, 3), 255, np.uint8), region(0, 0, 100, 0), SIZE)
    assert not shown[: SIZE // 2 - 1].any() and not shown[:, : SIZE // 2 - 1].any()
    assert (shown[SIZE // 2 + 1 :, SIZE // 2 + 1 :] == 255).all()


def test_turns_go_the_short_way_round() -> None:
    turns = [3.0, None, -3.0, -2.0, 3.1]
    seen = unwrap_angles([None if turn is None else region(0, 0, 9, turn) for turn in turns])
    assert [None if one is None else round(float(one[3]), 4) for one in seen] == [
        3.0, None, round(2 * math.pi - 3, 4), round(2 * math.pi - 2, 4), 3.1,
    ]  # fmt: skip
