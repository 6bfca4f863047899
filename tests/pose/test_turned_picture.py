"""When a picture is taken for one that lies on its side or head."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from worker.pose.detectors.nanodet import Detections
from worker.pose.turned_picture import stands, turn_of, turned, turned_boxes

PICTURE = np.zeros((64, 48, 3), np.uint8)


def body(quarters: int, score: float) -> np.ndarray:
    """Joints of somebody who stands in a picture turned by quarters, clockwise."""
    pose = np.zeros((17, 3), np.float32)
    pose[:, 2] = score
    down = [(0, 1), (1, 0), (0, -1), (-1, 0)][quarters]
    pose[11:13, :2] = np.array(down) * 100
    return pose


class Models:
    """Somebody stands in the picture turned by `upright`, seen with these scores by turn."""

    def __init__(self, upright: int, scores: dict[int, float]) -> None:
        self.upright, self.scores = upright, scores
        self.looked: list[int] = []

    def detect(self, image: np.ndarray, _expected: Any) -> Detections:
        turn = int(image[0, 0, 0])
        self.looked.append(turn)
        count = 1 if self.scores.get(turn, 0) else 0
        box = np.array([[0, 0, 40, 60]] * count, np.float32).reshape(-1, 4)
        return Detections(box, np.ones(count, np.float32))

    def estimate(self, image: np.ndarray, _box: Any) -> np.ndarray:
        turn = int(image[0, 0, 0])
        return body((self.upright - turn) % 4, self.scores[turn])

    def turn(self, *poses: np.ndarray) -> int | None:
        return turn_of([marked()] * max(1, len(poses)), poses, self.detect, self.estimate)


def marked() -> np.ndarray:
    """A picture whose first corner says by how much it was turned."""
    image = np.zeros((8, 8, 3), np.uint8)
    for quarters in range(4):
        turned(image, 0)
        corner = [(0, 0), (7, 0), (7, 7), (0, 7)][quarters]
        image[corner] = quarters
    return image


def test_who_stands_is_looked_at_no_further() -> None:
    models = Models(0, {0: 0.8})
    assert models.turn(body(0, 0.8)) == 0
    assert not models.looked


@pytest.mark.parametrize("upright", [1, 2, 3])
def test_who_stands_in_the_turned_picture(upright: int) -> None:
    scores = {0: 0.4, upright: 0.8}
    models = Models(upright, scores)
    assert models.turn(*[body((upright) % 4, 0.5)] * 2) == upright


def test_who_lies_there_lies() -> None:
    """A push-up looks like somebody who stands in a picture on its side, hardly surer."""
    models = Models(1, {0: 0.6, 1: 0.7, 3: 0.5})
    assert models.turn(body(1, 0.6)) == 0


def test_a_body_that_is_hardly_seen_is_not_believed() -> None:
    models = Models(3, {0: 0.1, 3: 0.7})
    assert models.turn(body(0, 0.2)) == 3


def test_where_nobody_is_seen_all_sides_are_looked_at() -> None:
    assert Models(2, {2: 0.7}).turn() == 2
    assert Models(2, {2: 0.2}).turn() is None
    assert Models(0, {}).turn() is None


def test_boxes_turn_with_the_picture() -> None:
    boxes = np.array([[0.1, 0.2, 0.3, 0.6], [0, 0, 0, 0]], np.float32)
    assert turned_boxes(boxes, 1)[0] == pytest.approx([0.4, 0.1, 0.8, 0.3])
    assert turned_boxes(turned_boxes(boxes, 1), -1) == pytest.approx(boxes)
    assert not turned_boxes(boxes, 3)[1].any()
    assert stands(body(0, 1.0)) == pytest.approx(1)
    assert stands(body(2, 1.0)) == pytest.approx(-1)
