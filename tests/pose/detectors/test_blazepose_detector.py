"""The body detector on one person's box: blending by hand, and the way back to the picture."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.pose.detectors.blazepose_detector import AROUND, BodyDetector, blended
from worker.pose.geometry.roi import MARGIN
from worker.pose.inference.session import Session

BOX = np.array([100, 60, 160, 180], np.float32)


def detection(x: float, y: float, side: float, rim: tuple[float, float]) -> list[float]:
    """A box about its own point 0, and the rim of its circle as point 1."""
    return [x, y, side, side, x, y, *rim, 0, 0, 0, 0]


def test_what_overlaps_the_best_is_averaged_by_score() -> None:
    found = np.array(
        [
            detection(0.50, 0.5, 0.4, (0.5, 0.3)),
            detection(0.54, 0.5, 0.4, (0.5, 0.2)),  # overlaps the first by 9 elevenths
            detection(0.90, 0.5, 0.1, (0.9, 0.4)),
            detection(0.50, 0.5, 0.4, (0.5, 0.0)),  # too unsure to count
        ],
        np.float32,
    )
    kept, scores = blended(found, np.array([0.9, 0.6, 0.7, 0.4], np.float32))
    assert scores == pytest.approx([0.9, 0.7])
    assert kept[0, :4] == pytest.approx([0.516, 0.5, 0.4, 0.4])
    assert kept[0, 7] == pytest.approx(0.26)
    assert kept[1] == pytest.approx(found[2])


def test_nothing_sure_is_nothing() -> None:
    kept, scores = blended(np.zeros((3, 12), np.float32), np.full(3, 0.49, np.float32))
    assert kept.shape == (0, 12) and scores.shape == (0,)


def test_a_box_without_area_stays_alone() -> None:
    found = np.array([detection(0.5, 0.5, 0.0, (0.5, 0.4))] * 2, np.float32)
    assert len(blended(found, np.array([0.9, 0.8], np.float32))[0]) == 2


class Seen:
    """A detector that sees the same in every picture."""

    def __init__(self, *found: list[float]) -> None:
        self.found = np.array(found, np.float32).reshape(-1, 12)
        self.inner = SimpleNamespace(get_inputs=lambda: [SimpleNamespace(shape=[1, 224, 224, 3])])

    def run(self, images: NDArray[np.uint8]) -> list[NDArray[Any]]:
        assert images.shape == (1, 224, 224, 3)
        return [self.found[None], np.full((1, len(self.found)), 0.9, np.float32)]


def region_of(*found: list[float]) -> NDArray[np.float32] | None:
    detector = BodyDetector(cast(Session, Seen(*found)))
    return detector.region(np.zeros((240, 320, 3), np.uint8), BOX)


def test_points_come_back_to_the_picture() -> None:
    # the square looked at is 120 * AROUND = 180 wide about (130, 120), from (40, 30)
    hips, rim = (0.5, 0.6), (0.5 + 0.2, 0.6)
    region = region_of(detection(*hips, 0.4, rim))
    side = 120 * AROUND
    assert region is not None
    assert region == pytest.approx(
        [40 + 0.5 * side, 30 + 0.6 * side, 2 * MARGIN * 0.2 * side, np.pi / 2], abs=1e-3
    )


def test_a_body_beside_the_box_is_somebody_else() -> None:
    beside = detection(0.1, 0.5, 0.2, (0.1, 0.3))
    assert region_of(beside) is None
    assert region_of() is None
    region = region_of(beside, detection(0.5, 0.5, 0.2, (0.5, 0.3)))
    assert region is not None
    assert region[:2] == pytest.approx([130, 120])
