"""The network's outputs in the picture's measures: mappings that are computed by hand."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.pose.estimators.blazepose_landmarks import COUNT, GPU_BATCH, Landmarker, looked
from worker.pose.geometry.roi import MARGIN, Region
from worker.pose.inference.session import Session

SIZE = 64
NOBODY_SURE = np.full((39, 64, 64), -1e4, np.float32)


def outputs(
    landmark: tuple[float, ...], world: tuple[float, ...] = (0, 0, 0), heatmap: Any = NOBODY_SURE
) -> list[NDArray[Any]]:
    """All landmarks alike; the body stands upright about the crop's middle."""
    marks = np.tile(np.array(landmark, np.float32), (39, 1))
    marks[33, :2], marks[34, :2] = (0.5, 0.5), (0.5, 0.1)
    return [marks, np.tile(np.array(world, np.float32), (39, 1)), np.array([0.75]), heatmap]


def region(x: float, y: float, side: float, turn: float) -> Region:
    return np.array([x, y, side, turn], np.float32)


@pytest.mark.parametrize(
    ("turn", "place", "metres"),
    [
        (0.0, [250, 100], [0.3, 0.1, -0.2]),
        # a quarter clockwise: the crop's right is the picture's down, its down the picture's left
        (math.pi / 2, [200 + 50, 150 + 50], [-0.1, 0.3, -0.2]),
        (-math.pi / 2, [200 - 50, 150 - 50], [0.1, -0.3, -0.2]),
        (math.pi, [200 - 50, 150 + 50], [-0.3, -0.1, -0.2]),
    ],
)
def test_a_landmark_by_hand(turn: float, place: list[float], metres: list[float]) -> None:
    """A quarter of 200 pixels right of the region's middle and above it."""
    look = looked(
        outputs((0.75, 0.25, -0.5, 0.9, 0.6), (0.3, 0.1, -0.2)), region(200, 150, 200, turn)
    )
    assert look.joints.shape == (COUNT, 7)
    assert look.joints[:, :2] == pytest.approx(np.tile(place, (COUNT, 1)), abs=1e-4)
    assert look.joints[:, 2] == pytest.approx(0.6)  # hidden or outside: the worse of the two
    assert look.joints[:, 3] == pytest.approx(-100)  # half of the region's side, nearer
    assert look.joints[:, 4:] == pytest.approx(np.tile(metres, (COUNT, 1)), abs=1e-6)
    assert look.presence == 0.75


@pytest.mark.parametrize("turn", [0.0, 0.3, -1.2])
def test_the_next_region_is_where_the_body_is(turn: float) -> None:
    """Points 33 and 34 are upright in the crop: the turn stays; 0.4 of the side is the radius."""
    look = looked(outputs((0.5, 0.5, 0, 1, 1)), region(200, 150, 100, turn))
    assert look.region == pytest.approx([200, 150, 2 * MARGIN * 40, turn], abs=1e-3)


def test_the_heatmap_has_the_last_word() -> None:
    heatmap = NOBODY_SURE.copy()
    heatmap[:, 16, 48] = 5
    look = looked(outputs((0.76, 0.24, 0, 1, 1), heatmap=heatmap), region(200, 150, 200, 0))
    assert look.joints[0, :2] == pytest.approx([250, 100], abs=1e-3)
    moved = NOBODY_SURE.copy()
    moved[:, 17, 47] = 5
    look = looked(outputs((0.76, 0.24, 0, 1, 1), heatmap=moved), region(200, 150, 200, 0))
    assert look.joints[0, :2] == pytest.approx([100 + 200 * 47 / 64, 50 + 200 * 17 / 64], abs=1e-3)


class Finder:
    """A network that finds the brightest pixel of each crop, and says so for all landmarks."""

    def __init__(self, gpu: bool = False) -> None:
        self.gpu = gpu
        self.shapes: list[tuple[int, ...]] = []
        self.inner = SimpleNamespace(get_inputs=lambda: [SimpleNamespace(shape=[1, SIZE, SIZE, 3])])

    def run(self, images: NDArray[np.uint8]) -> list[NDArray[Any]]:
        self.shapes.append(images.shape)
        marks = np.zeros((len(images), 39, 5), np.float32)
        for row, image in enumerate(images):
            y, x = np.unravel_index(image[..., 0].argmax(), image.shape[:2])
            marks[row] = [(x + 0.5) / SIZE, (y + 0.5) / SIZE, 0, 0.5, 0.5]
        heatmap = np.repeat(NOBODY_SURE[None], len(images), axis=0)
        return [marks, np.zeros((len(images), 39, 3)), np.ones((len(images), 1)), heatmap]


def spotted(x: int, y: int) -> NDArray[np.uint8]:
    """A dark image with a bright spot about a point."""
    image = np.zeros((240, 320, 3), np.uint8)
    for reach in range(12, 0, -1):
        image[y - reach : y + reach + 1, x - reach : x + reach + 1] = 250 - 20 * reach
    return image


@pytest.mark.parametrize("gpu", [False, True])
def test_a_point_of_the_picture_comes_back_as_itself(gpu: bool) -> None:
    spots = [(100 + 7 * n, 60 + 5 * n) for n in range(GPU_BATCH + 3)]
    regions = [region(x + 10, y - 8, 120, 0.3 * n) for n, (x, y) in enumerate(spots)]
    model = Finder(gpu)
    looks = Landmarker(cast(Session, model)).detect([spotted(*spot) for spot in spots], regions)
    seen = np.array([look.joints[0, :2] for look in looks])
    assert np.abs(seen - np.array(spots) - 0.5).max() < 1.5 * 120 / SIZE
    batches = [(GPU_BATCH, SIZE, SIZE, 3)] * 2
    assert model.shapes == (batches if gpu else [(1, SIZE, SIZE, 3)] * len(spots))


def test_a_pool_changes_nothing() -> None:
    images, regions = [spotted(100 + n, 90) for n in range(9)], [region(110, 90, 90, 0.2)] * 9
    model = cast(Session, Finder())
    with ThreadPoolExecutor(4) as pool:
        pooled = Landmarker(model, pool).detect(images, regions)
    alone = Landmarker(model).detect(images, regions)
    assert all((one.joints == other.joints).all() for one, other in zip(pooled, alone, strict=True))
    assert Landmarker(model).detect([], []) == []
