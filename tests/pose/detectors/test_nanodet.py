"""Letterboxing and what the detector makes of a model's output."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import (
    EXPECTED,
    SIDE,
    SURE,
    THRESHOLD,
    WIDE_SIDE,
    PersonDetector,
    letterbox,
)
from worker.pose.geometry.boxes import Boxes
from worker.pose.inference.session import Session


@pytest.mark.parametrize(
    ("size", "side", "canvas", "scale"),
    [
        ((480, 640), 416, (320, 416), 0.65),
        ((640, 360), 416, (416, 256), 0.65),
        ((50, 100), 416, (224, 416), 4.16),
        ((1, 2000), 416, (32, 416), 0.208),
    ],
)
def test_letterbox(size: tuple[int, int], side: int, canvas: tuple[int, int], scale: float) -> None:
    image = np.full((*size, 3), 200, np.uint8)
    padded, found = letterbox(image, side)
    assert padded.shape == (*canvas, 3)
    assert found == pytest.approx(scale)
    height, width = (max(1, round(n * scale)) for n in size)
    assert (padded[:height, :width] == 200).all()
    assert not padded[height:].any()
    assert not padded[:, width:].any()


class FakeSession:
    """Answers as the model would, by the width of what it is shown."""

    def __init__(self, answers: dict[int, list[tuple[list[float], float]]]) -> None:
        self.answers = answers
        self.seen: list[int] = []

    def run(self, images: NDArray[np.uint8]) -> list[NDArray[Any]]:
        width = images.shape[2]
        self.seen.append(width)
        rows = self.answers.get(width, [])
        boxes = np.array([box for box, _ in rows], np.float32).reshape(1, -1, 4)
        return [boxes, np.array([[score for _, score in rows]], np.float32)]


def detect(
    answers: dict[int, list[tuple[list[float], float]]], expected: Boxes | None = None
) -> tuple[Any, list[int]]:
    session = FakeSession(answers)
    detector = PersonDetector(cast(Session, session))
    return detector.detect(np.zeros((480, 640, 3), np.uint8), expected), session.seen


def test_boxes_come_back_in_pixels_of_the_image() -> None:
    found, looks = detect({SIDE: [([65, 65, 130, 260], SURE), ([390, -10, 450, 400], 0.3)]})
    assert looks == [SIDE]
    assert found.boxes == pytest.approx(np.array([[100, 100, 200, 400], [600, 0, 640, 480]]))
    assert found.scores == pytest.approx([SURE, 0.3])
    assert found.boxes.dtype == np.float32


def test_an_unsure_look_is_followed_by_a_wider_one() -> None:
    wide = 0.85
    first = ([65, 65, 130, 260], SURE - 0.01)
    same = ([65 / 0.65 * wide, 65 / 0.65 * wide, 130 / 0.65 * wide, 260 / 0.65 * wide], 0.8)
    other = ([340.0, 85.0, 425.0, 340.0], 0.5)
    found, looks = detect({SIDE: [first], WIDE_SIDE: [same, other]})
    assert looks == [SIDE, WIDE_SIDE]
    assert found.scores == pytest.approx([0.8, 0.5])  # the same person counts once
    assert found.boxes == pytest.approx(np.array([[100, 100, 200, 400], [400, 100, 500, 400]]))


@pytest.mark.parametrize(
    ("score", "left", "looks"),
    [
        (0.3, 100 + 100 * (1 - EXPECTED) / (1 + EXPECTED) - 1, [SIDE]),  # in the expected box
        (0.3, 100 + 100 * (1 - EXPECTED) / (1 + EXPECTED) + 1, [SIDE, WIDE_SIDE]),
        (SURE, 190, [SIDE]),
        (SURE, 210, [SIDE, WIDE_SIDE]),  # sure, but of somebody else
    ],
)
def test_one_look_is_enough_that_finds_who_is_expected(
    score: float, left: float, looks: list[int]
) -> None:
    expected = np.array([100, 100, 200, 400], np.float32)
    found = [left * 0.65, 65, (left + 100) * 0.65, 260]
    assert detect({SIDE: [(found, score)]}, expected)[1] == looks


def test_what_is_unlikely_is_nobody() -> None:
    found, _ = detect({SIDE: [([65, 65, 130, 260], THRESHOLD)]})
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)
