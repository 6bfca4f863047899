from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from worker.media.probing.orientation import fitted, from_matrix, square_size

ONE = 65536


EIGHT = [(a, 0, 0, d) for a in (1, -1) for d in (1, -1)]
EIGHT += [(0, b, c, 0) for b in (1, -1) for c in (1, -1)]


@pytest.mark.parametrize(("a", "b", "c", "d"), EIGHT)
def test_turn_and_mirror_equal_the_matrix(a: int, b: int, c: int, d: int) -> None:
    found = from_matrix([a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30])
    turn = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), found.rotation // 90)
    mirror = np.array([[-1 if found.mirrored else 1, 0], [0, 1]])
    assert (mirror @ turn == np.array([[a, c], [b, d]])).all()
    assert found.transposed == (a == 0)


def test_a_slight_tilt_is_upright() -> None:
    assert from_matrix([65000, 3000, 0, -3000, 65000, 0, 0, 0, 1 << 30]).rotation == 0
    assert from_matrix([]).rotation == 0


@pytest.mark.parametrize(
    ("aspect", "expected"),
    [
        (Fraction(4, 3), (960, 540)),
        (Fraction(1, 2), (720, 1080)),
        (Fraction(7664, 7677), (720, 540)),
        (Fraction(1000), (720, 540)),
    ],
)
def test_square_pixels(aspect: Fraction, expected: tuple[int, int]) -> None:
    assert square_size(720, 540, aspect) == expected


def test_fitted_never_enlarges() -> None:
    assert fitted(1920, 1080, 640) == (640, 360)
    assert fitted(160, 90, 640) == (160, 90)
    assert fitted(10000, 1, 640) == (640, 1)
    assert fitted(853, 479, 640, even=True) == (640, 360)
