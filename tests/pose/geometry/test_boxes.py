"""Box arithmetic against figures computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from worker.pose.geometry.boxes import Boxes, area, around, closeness, grow, iou, suppress


def boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, np.float32)


def test_area() -> None:
    found = area(boxes((0, 0, 4, 3), (2, 2, 2, 9), (5, 5, 1, 1)))
    assert found.tolist() == [12, 0, 0]


def test_iou() -> None:
    one = boxes((0, 0, 4, 4))[0]
    many = boxes((0, 0, 4, 4), (2, 0, 6, 4), (2, 2, 4, 4), (4, 0, 8, 4), (9, 9, 9, 9))
    assert iou(one, many) == pytest.approx([1, 8 / 24, 4 / 16, 0, 0])


def test_suppression_keeps_the_best_of_each_heap() -> None:
    many = boxes((0, 0, 4, 4), (0, 0, 4, 5), (10, 0, 14, 4), (10, 1, 14, 5), (0, 0, 2, 2))
    scores = np.array([0.5, 0.9, 0.3, 0.4, 0.1], np.float32)
    assert suppress(many, scores, 0.5).tolist() == [1, 3, 4]
    assert suppress(many, scores, 0.9).tolist() == [1, 0, 3, 2, 4]
    assert suppress(many[:0], scores[:0], 0.5).tolist() == []


def test_grow_keeps_the_centre() -> None:
    assert grow(boxes((2, 4, 6, 14)), 1.5).tolist() == [[1, 1.5, 7, 16.5]]


def test_around_takes_the_joints_that_are_seen() -> None:
    joints = np.zeros((17, 3), np.float32)
    joints[:4] = [[10, 20, 0.9], [30, 20, 0.9], [10, 60, 0.9], [30, 60, 0.21]]
    joints[4] = [500, 500, 0.2]
    found = around(joints, margin=1.0)
    assert found is not None
    assert found.tolist() == [10, 20, 30, 60]
    joints[3, 2] = 0.2
    assert around(joints) is None


def test_closeness() -> None:
    one = boxes((0, 0, 10, 10))[0]
    assert closeness(one, one) == pytest.approx(1)
    assert closeness(one, boxes((5, 0, 15, 10))[0]) == pytest.approx(1 / 3, abs=1e-3)
    # 7 px apart with no more than 3 of 17 shared: the centres say more than the overlap
    apart = closeness(one, boxes((7, 0, 17, 10))[0])
    assert apart == pytest.approx(max(3 / 17, 0.6 * (1 - 7 / 7.5)), abs=1e-3)
    # side by side without a common pixel: 5 px of 0.75 * sqrt(4 * 40)
    aside = closeness(boxes((0, 0, 4, 40))[0], boxes((5, 0, 9, 40))[0])
    assert aside == pytest.approx(0.6 * (1 - 5 / (0.75 * 160**0.5)), abs=1e-3)
    assert closeness(one, boxes((40, 0, 50, 10))[0]) == 0
    small = closeness(boxes((0, 0, 100, 100))[0], boxes((45, 45, 55, 55))[0])
    assert small == pytest.approx(0.01, abs=1e-3)
