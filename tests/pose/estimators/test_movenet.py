"""Crops: where a point of the image lands, what is blanked, and the way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from worker.pose.estimators.movenet import (
    CROP,
    GPU_BATCH,
    MASK,
    STILL_CROP,
    PoseEstimator,
    consensus,
    crop_matrix,
    masked_crop,
    trimmed,
)
from worker.pose.geometry.boxes import grow
from worker.pose.inference.session import Session
from worker.pose.interfaces import PeopleDetector
from worker.pose.tracking.inference_cache import InferenceCache

SIZE = 64
places = st.floats(-200, 800, width=32)
sizes = st.floats(1, 600, width=32)


@given(places, places, sizes, sizes)
def test_the_crop_is_a_square_about_the_box(x: float, y: float, w: float, h: float) -> None:
    box = np.array([x, y, x + w, y + h], np.float32)
    matrix = crop_matrix(box, SIZE)
    assert matrix[0, 0] == matrix[1, 1]
    assert matrix[0, 1] == matrix[1, 0] == 0
    corners = np.array([[0, 0, 1], [SIZE, SIZE, 1]]) @ matrix.T
    assert corners.mean(axis=0) == pytest.approx((box[:2] + box[2:]) / 2, abs=1e-2)
    side = corners[1] - corners[0]
    assert side == pytest.approx(max(*(box[2:] - box[:2]), 8) * CROP, rel=1e-3)


class Finder:
    """A model that finds the brightest pixel of each crop, and says so for all 17 joints, in shares
    of a square of `size`; without `fixed` of its middle as well."""

    def __init__(self, gpu: bool = False, size: int = SIZE, fixed: bool = True) -> None:
        self.gpu = gpu
        self.size = size
        self.shapes: list[tuple[int, ...]] = []
        shape = ["n", *([size, size] if fixed else ["height", "width"]), 3]
        self.inner = SimpleNamespace(get_inputs=lambda: [SimpleNamespace(shape=shape)])

    def run(self, images: NDArray[np.uint8]) -> list[NDArray[Any]]:
        self.shapes.append(images.shape)
        output = np.zeros((len(images), 17, 3), np.float32)
        for row, image in enumerate(images):
            at = np.array(np.unravel_index(image[..., 0].argmax(), image.shape[:2]))
            output[row, :, :2] = (at + (self.size - np.array(image.shape[:2])) / 2) / self.size
            output[row, :, 2] = 0.5
        return [output]


def spotted(x: int, y: int) -> NDArray[np.uint8]:
    """A dark image with a bright spot about a point."""
    image = np.zeros((240, 320, 3), np.uint8)
    for reach in range(12, 0, -1):
        image[y - reach : y + reach + 1, x - reach : x + reach + 1] = 250 - 20 * reach
    return image


@pytest.mark.parametrize("gpu", [False, True])
def test_a_point_of_the_image_comes_back_as_itself(gpu: bool) -> None:
    spots = [(100 + 7 * n, 60 + 5 * n) for n in range(GPU_BATCH + 3)]
    images = [spotted(x, y) for x, y in spots]
    boxes = [np.array([x - 40, y - 50, x + 60, y + 55], np.float32) for x, y in spots]
    model = Finder(gpu)
    poses = PoseEstimator(cast(Session, model), SIZE).estimate(images, boxes)
    assert poses.shape == (len(spots), 17, 3)
    pixel = 105 * CROP / SIZE  # one pixel of the crop in pixels of the image
    assert np.abs(poses[:, 0, :2] - np.array(spots)).max() <= pixel
    assert (poses[..., 2] == 0.5).all()
    if gpu:
        assert model.shapes == [(GPU_BATCH, SIZE, SIZE, 3)] * 2
    else:
        assert model.shapes == [(1, SIZE, SIZE, 3)] * len(spots)


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ([100, 20, 170, 220], (256, 128)),  # who stands
        ([20, 100, 220, 170], (128, 256)),  # who lies
        ([60, 20, 220, 220], (256, 256)),
        ([100, 20, 110, 220], (256, 64)),  # an arm
    ],
)
def test_black_beside_the_body_is_trimmed(box: list[int], shape: tuple[int, int]) -> None:
    box_array = np.array(box, np.float32)
    model = Finder(size=256, fixed=False)
    middle = (box_array[:2] + box_array[2:]) / 2
    image = spotted(int(middle[0]), int(middle[1]))
    pose = PoseEstimator(cast(Session, model), 256).estimate([image], [box_array])[0]
    assert model.shapes == [(1, *shape, 3)]
    assert np.abs(pose[:, :2] - middle).max() < 1.5
    crop = masked_crop(image, box_array, 256)
    assert trimmed(crop, box_array).sum() == crop.sum()


def test_who_fills_the_mask_of_a_still_is_not_trimmed() -> None:
    crop = np.full((256, 256, 3), 255, np.uint8)
    box = np.array([0, 0, 100, 100], np.float32)
    assert trimmed(crop, box, STILL_CROP).shape == (256, 256, 3)


def test_nobody_has_no_pose() -> None:
    assert PoseEstimator(cast(Session, Finder()), SIZE).estimate([], []).shape == (0, 17, 3)


def test_a_pool_changes_nothing() -> None:
    images = [spotted(100 + n, 90) for n in range(9)]
    box = np.array([80, 50, 180, 150], np.float32)
    estimator = PoseEstimator(cast(Session, Finder()), SIZE)
    nobody = cast(PeopleDetector, None)
    alone = InferenceCache(nobody, estimator)
    batched = InferenceCache(nobody, estimator, batches=True)
    with ThreadPoolExecutor(4) as pool:
        pooled = InferenceCache(nobody, estimator, pool)
        for image in images:
            pooled.begin(image, box)
        found = pooled.poses(images, [box] * len(images))
    for other in (alone, batched):
        poses = other.poses(images, [box] * len(images))
        assert all((one == pose).all() for one, pose in zip(poses, found, strict=True))
        assert other.poses([], []) == []


def test_the_crop_is_black_outside_the_grown_box() -> None:
    image = np.full((240, 320, 3), 255, np.uint8)
    box = np.array([100, 40, 140, 200], np.float32)
    crop = masked_crop(image, box, SIZE)
    matrix = crop_matrix(box, SIZE)
    mask = grow(box, MASK)
    centres = np.arange(SIZE) + 0.5
    x, y = centres * matrix[0, 0] + matrix[0, 2], centres * matrix[1, 1] + matrix[1, 2]
    near = matrix[0, 0]  # the pixel at the border may be either
    outside = (x < mask[0] - near) | (x > mask[2] + near)
    inside = (x > mask[0] + near) & (x < mask[2] - near)
    assert not crop[:, outside].any()
    assert outside.sum() > SIZE / 2
    rows = (y > mask[1] + near) & (y < mask[3] - near)
    assert (crop[np.ix_(rows, inside)] == 255).all()
    assert inside.sum() >= 10


def test_what_lies_beyond_the_image_is_black() -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    crop = masked_crop(image, np.array([-50, -50, 50, 50], np.float32), SIZE)
    assert not crop[: SIZE // 2 - 2].any()
    assert (crop[SIZE // 2 + 2 : SIZE - 8, SIZE // 2 + 2 : SIZE - 8] == 255).all()


def test_a_box_without_area_is_a_black_crop() -> None:
    """A detection beyond the border is clipped to a line."""
    image = np.full((100, 100, 3), 255, np.uint8)
    for line in ([0, 20, 0, 60], [20, 100, 60, 100], [50, 50, 50, 50]):
        crop = masked_crop(image, np.array(line, np.float32), SIZE)
        assert crop.shape == (SIZE, SIZE, 3)
        assert not crop.any()


def test_both_sides_agree_on_where_joints_are() -> None:
    # what a model would say of a crop and of its mirror image, were it always right
    seen = np.zeros((1, 17, 3), np.float32)
    seen[0, 5], seen[0, 6] = [0.3, 0.7, 0.8], [0.3, 0.2, 0.4]
    seen[0, 15, :2] = 0.9  # a body that is 0.9 high
    mirrored = np.zeros_like(seen)
    mirrored[0, 6], mirrored[0, 5] = [0.3, 0.3, 0.8], [0.3, 0.8, 0.4]
    mirrored[0, 16, :2] = (0.9, 0.1)
    agreed = consensus(seen, mirrored)[0]
    assert agreed[5] == pytest.approx([0.3, 0.7, 0.8], abs=1e-6)
    assert agreed[6] == pytest.approx([0.3, 0.2, 0.4], abs=1e-6)
    # near by, a side that is three times as sure has three times the say; far away, all of it
    mirrored[0, 6] = [0.34, 0.3, 0.8 / 3]
    assert consensus(seen, mirrored)[0, 5] == pytest.approx([0.31, 0.7, 1.6 / 3], abs=1e-5)
    mirrored[0, 6] = [0.6, 0.3, 0.8 / 3]
    assert consensus(seen, mirrored)[0, 5] == pytest.approx([0.3, 0.7, 1.6 / 3], abs=1e-5)


@pytest.mark.parametrize("gpu", [False, True])
def test_a_crop_is_mirrored_and_its_spot_turned_back(gpu: bool) -> None:
    model = Finder(gpu)
    estimator = PoseEstimator(cast(Session, model), SIZE, flip=True)
    pose = estimator.estimate([spotted(180, 130)], [np.array([100, 60, 240, 200], np.float32)])[0]
    assert len(model.shapes) == 2
    pixel = 140 * CROP / SIZE  # one pixel of the crop in pixels of the image
    # the left edge of a pixel is its right one in the mirror
    assert np.abs(pose[:, :2] - (180, 130)).max() < 1.5 * pixel
