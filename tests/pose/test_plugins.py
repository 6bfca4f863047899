"""Networks of others: RTMPose, RTMO and YOLOX read right, on tiny files of their form."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pose import tiny_networks
from worker.contract.errors import JobError
from worker.pose.detectors.yolox import YoloxDetector
from worker.pose.engine import PoseEngine
from worker.pose.estimators.movenet import GPU_BATCH
from worker.pose.estimators.rtmo import OneStageEstimator
from worker.pose.estimators.simcc import SimccEstimator, crop_matrix, decoded
from worker.pose.inference.preprocessing import letterbox, tensor
from worker.pose.inference.session import Session
from worker.pose.model_factory import open_model
from worker.pose.weights.registry import MODELS
from worker.pose.weights.spec import Pixels

RTMPOSE, RTMO, YOLOX = (MODELS[name] for name in ("rtmpose_m", "rtmo_l", "yolox_m"))
BOX = np.array([100, 40, 160, 200], np.float32)


def spotted(x: int, y: int) -> NDArray[np.uint8]:
    """A dark image with a red spot of five pixels about a pixel."""
    image = np.zeros((240, 320, 3), np.uint8)
    image[y - 2 : y + 3, x - 2 : x + 3, 0] = 150
    image[y, x, 0] = 255
    return image


def test_pixels_by_hand() -> None:
    image = np.array([[[100, 150, 200], [0, 0, 255]]], np.uint8)
    assert tensor(image, None)[:, 0].tolist() == [[100, 0], [150, 0], [200, 255]]
    assert tensor(image, Pixels("bgr"))[:, 0].tolist() == [[200, 255], [150, 0], [100, 0]]
    scaled = tensor(image, Pixels("rgb", (100, 50, 200), (2, 50, 55)))
    assert scaled[:, 0].tolist() == [[0, -50], [2, -1], [0, 1]]
    assert scaled.dtype == np.float32 and scaled.shape == (3, 1, 2)


def test_a_letterbox_by_hand() -> None:
    shown, scale = letterbox(np.full((100, 200, 3), 7, np.uint8), (64, 64))
    assert scale == pytest.approx(0.32)
    assert (shown[:32] == 7).all() and (shown[32:] == 114).all()


def test_a_simcc_crop_by_hand() -> None:
    # 60 x 160 grown by 1.25 is 75 x 200; 200 / 256 > 75 / 192, so the height decides
    matrix = crop_matrix(BOX, (256, 192))
    scale = 200 / 256
    assert matrix == pytest.approx(
        np.array([[scale, 0, 130 - 96 * scale], [0, scale, 120 - 128 * scale]])
    )
    lying = crop_matrix(np.array([0, 0, 160, 60], np.float32), (256, 192))
    assert lying[0, 0] == pytest.approx(200 / 192)


def test_simcc_by_hand() -> None:
    across, down = np.zeros((1, 17, 384), np.float32), np.zeros((1, 17, 512), np.float32)
    across[0, 3, 101], down[0, 3, 300] = 0.75, 0.25
    across[0, 4, 7], down[0, 4, 9] = 3.0, 1.5
    poses = decoded(across, down)
    assert poses.shape == (1, 17, 3)
    assert poses[0, 3].tolist() == [50.5, 150.0, 0.5]
    assert poses[0, 4].tolist() == [3.5, 4.5, 1.0]
    assert decoded(across - 1, down - 1)[0, 0, 2] == 0


@pytest.fixture
def rtmpose(tmp_path: Path) -> Session:
    tiny_networks.simcc(tmp_path / RTMPOSE.file, RTMPOSE.input_size)
    return open_model("rtmpose_m", tmp_path, "cpu")


def test_a_simcc_network_finds_the_spot(rtmpose: Session) -> None:
    spots = [(110, 60), (130, 120), (150, 190)]
    images = [spotted(*spot) for spot in spots]
    poses = SimccEstimator(rtmpose, RTMPOSE).estimate(images, [BOX] * 3)
    assert poses.shape == (3, 17, 3)
    assert np.abs(poses[:, 0, :2] - spots).max() <= 200 / 256
    # red first, less ImageNet's mean and over its deviation; a tenth of it by the network
    assert poses[..., 2].max() <= 0.1 * (255 - 123.675) / 58.395 + 1e-4
    assert poses[..., 2].min() > 0.1 * (150 - 123.675) / 58.395
    assert SimccEstimator(rtmpose, RTMPOSE).estimate([], []).shape == (0, 17, 3)


def test_a_gpu_takes_whole_batches(rtmpose: Session) -> None:
    shapes = []

    def run(crops: NDArray[Any]) -> list[NDArray[Any]]:
        shapes.append(crops.shape)
        return rtmpose.run(crops)

    spots = [(110 + n, 60 + n) for n in range(GPU_BATCH + 2)]
    images, boxes = [spotted(*spot) for spot in spots], [BOX] * len(spots)
    gpu = cast(Session, SimpleNamespace(run=run, gpu=True, inner=rtmpose.inner))
    poses = SimccEstimator(gpu, RTMPOSE).estimate(images, boxes)
    assert shapes == [(GPU_BATCH, 3, 256, 192)] * 2
    assert poses == pytest.approx(SimccEstimator(rtmpose, RTMPOSE).estimate(images, boxes))
    shapes.clear()
    inner = SimpleNamespace(get_inputs=lambda: [SimpleNamespace(shape=[1, 3, 256, 192])])
    one = cast(Session, SimpleNamespace(run=run, gpu=True, inner=inner))
    SimccEstimator(one, RTMPOSE).estimate(images[:2], boxes[:2])
    assert shapes == [(1, 3, 256, 192)] * 2


def test_a_one_stage_network_gives_the_person_in_the_box(tmp_path: Path) -> None:
    # a picture of 320 x 240 is shown twice as large
    dets = np.array(
        [
            [20, 100, 120, 400, 0.9],  # somebody else
            [200, 80, 320, 400, 0.8],  # BOX
            [204, 84, 320, 400, 0.7],  # BOX again
            [200, 80, 320, 400, 0.2],  # too unsure
        ]
    )
    keypoints = np.zeros((4, 17, 3))
    keypoints[:, :, 0] = np.array([[70], [260], [262], [300]])
    keypoints[:, :, 1] = 240
    keypoints[:, :, 2] = np.array([[0.9], [0.6], [0.5], [0.4]])
    tiny_networks.one_stage(tmp_path / RTMO.file, dets, keypoints)
    estimator = OneStageEstimator(open_model("rtmo_l", tmp_path, "cpu"), RTMO)
    image = np.zeros((240, 320, 3), np.uint8)
    elsewhere = np.array([250, 0, 300, 40], np.float32)
    poses = estimator.estimate([image] * 2, [BOX, elsewhere])
    assert poses[0] == pytest.approx(np.tile([130, 120, 0.6], (17, 1)))
    assert not poses[1].any()
    assert estimator.estimate([], []).shape == (0, 17, 3)


def test_a_yolox_network_gives_people(tmp_path: Path) -> None:
    dets = np.array(
        [
            [20, 100, 120, 400, 0.5],
            [200, 80, 320, 700, 0.8],  # beyond the picture
            [0, 0, 640, 480, 0.9],  # no person
            [10, 10, 60, 60, 0.29],  # too unsure
        ]
    )
    tiny_networks.yolox(tmp_path / YOLOX.file, dets, [0, 0, 56, 0])
    detector = YoloxDetector(open_model("yolox_m", tmp_path, "cpu"), YOLOX)
    found = detector.detect(np.zeros((240, 320, 3), np.uint8))
    assert found.boxes == pytest.approx(np.array([[100, 40, 160, 240], [10, 50, 60, 200]]))
    assert found.scores == pytest.approx([0.8, 0.5])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Models that see one person in BOX and a spot for all joints."""
    dets = np.array([[200, 80, 320, 400, 0.9]])
    tiny_networks.yolox(tmp_path / YOLOX.file, dets, [0])
    tiny_networks.simcc(tmp_path / RTMPOSE.file, RTMPOSE.input_size, gain=0.4)
    return tmp_path


def test_an_entry_is_all_that_a_model_takes(folder: Path) -> None:
    engine = PoseEngine(folder, "cpu", model="yolox_m+rtmpose_m")
    assert engine.environment.model == "yolox_m+rtmpose_m"
    assert engine.named("yolox_m+rtmpose_m") is engine
    times = np.arange(4, dtype=np.int64) * 100_000
    chunk = engine.estimate(0, 0, times, [spotted(130, 120)] * 4, {}, [0, 2, 3])
    assert np.abs(chunk.keypoints[..., :2] - (130 / 320, 120 / 240)).max() < 0.005
    assert (chunk.keypoints[..., 2] > 0.5).all()
    assert chunk.boxes[0] == pytest.approx([100 / 320, 40 / 240, 0.5, 200 / 240], abs=1e-4)


def test_the_one_stage_network_goes_into_the_engine(folder: Path) -> None:
    dets = np.array([[200, 80, 320, 400, 0.9]])
    keypoints = np.tile(np.array([260, 240, 0.8]), (1, 17, 1))
    tiny_networks.one_stage(folder / RTMO.file, dets, keypoints)
    engine = PoseEngine(folder, "cpu", model="yolox_m+rtmo_l")
    times = np.arange(2, dtype=np.int64) * 100_000
    chunk = engine.estimate(0, 0, times, [spotted(130, 120)] * 2, {}, [0, 1])
    assert np.abs(chunk.keypoints - [130 / 320, 120 / 240, 0.8]).max() < 0.005


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("rtmpose_m+rtmpose_m", "rtmpose_m finds no people"),
        ("yolox_m+yolox_m", "yolox_m finds no joints"),
        ("yolox_m", "does not know the model yolox_m"),
        ("yolox_m+athlete", "does not know the model"),
        ("yolox_m+rtmo_l", "models install rtmo_l"),
    ],
)
def test_what_does_not_go_together_is_said(folder: Path, model: str, text: str) -> None:
    with pytest.raises(JobError, match=text):
        PoseEngine(folder, "cpu", model=model)
    engine = PoseEngine(folder, "cpu", model="yolox_m+rtmpose_m")
    with pytest.raises(JobError, match=text):
        engine.named(model)


@pytest.mark.models
def test_another_model_goes_on_with_what_it_began(folder: Path, models_dir: Path) -> None:
    for name in ("nanodet_person.onnx", "movenet_lightning.onnx"):
        (folder / name).symlink_to((models_dir / name).resolve())
    engine = PoseEngine(folder, "cpu", model="yolox_m+rtmpose_m")
    fast = engine.named("nanodet_person+movenet_lightning")
    assert fast.environment.model == "nanodet_person+movenet_lightning"
    assert engine.named("nanodet_person+movenet_lightning") is fast
