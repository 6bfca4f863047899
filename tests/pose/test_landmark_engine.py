"""33 landmarks by the real models: of a filmed athlete whose joints are known, and by hand."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from worker.contract.errors import JobError
from worker.contract.landmarks import COCO_PLACES, MEDIAPIPE_NAMES
from worker.contract.poses import TURN, PoseChunk, decode_chunk, encode_chunk
from worker.media.decoding.still import read_still
from worker.media.decoding.video import decode
from worker.media.probing.probe import probe
from worker.pipeline.frame_chunks import FrameChunk, grouped
from worker.pose.engine import PoseEngine
from worker.pose.landmark_engine import LandmarkEngine
from worker.pose.tracking.box_interpolation import keyframes

pytestmark = pytest.mark.models
CLIP = Path(__file__).resolve().parents[1] / "clips" / "squat_5.mp4"
TRUTH = json.loads((Path(__file__).parent / "squat_joints.json").read_text())["frames"]
COCO = list(COCO_PLACES)
EVERY, FRAMES = 2, 27
HIPS = [MEDIAPIPE_NAMES.index("left_hip"), MEDIAPIPE_NAMES.index("right_hip")]


@pytest.fixture(scope="module")
def landmarks(engine: PoseEngine) -> LandmarkEngine:
    return engine.landmarks()


@pytest.fixture(scope="module")
def frames() -> FrameChunk:
    """From standing to the bottom of the first squat."""
    with decode(CLIP, probe(CLIP)) as reader:
        chunk = next(grouped(reader))
    rows = slice(0, EVERY * FRAMES, EVERY)
    return FrameChunk(0, chunk.times_us[rows], chunk.images[rows])


def run(engine: LandmarkEngine, frames: FrameChunk, cuts: tuple[int, ...] = ()) -> list[PoseChunk]:
    """The frames in chunks, each after the state that the log holds of the one before."""
    state: dict[str, Any] = {}
    chunks = []
    for index, (low, high) in enumerate(itertools.pairwise([0, *cuts, len(frames.images)])):
        times = frames.times_us[low:high]
        chunk = engine.estimate(index, low, times, frames.images[low:high], state, keyframes(times))
        chunks.append(decode_chunk(encode_chunk(chunk)))
        state = chunks[-1].state
    return chunks


@pytest.fixture(scope="module")
def chunks(landmarks: LandmarkEngine, frames: FrameChunk) -> list[PoseChunk]:
    return run(landmarks, frames, (10,))


@pytest.fixture(scope="module")
def joints(chunks: list[PoseChunk]) -> np.ndarray:
    return np.concatenate([chunk.keypoints for chunk in chunks])


@pytest.mark.parametrize("frame", ["0", "50"])
def test_joints_are_where_the_athlete_has_them(
    joints: np.ndarray, frames: FrameChunk, frame: str
) -> None:
    """Measured: 3.5 and 5.2 pixels on a body of 350, 8 and 15 cm."""
    found, truth = joints[int(frame) // EVERY, COCO], TRUTH[frame]
    height, width = frames.images[0].shape[:2]
    away = np.linalg.norm((found[:, :2] - truth["places"]) * (width, height), axis=1)
    assert away.mean() < 8 and away.max() < 25
    metres = np.linalg.norm(found[:, 4:] - truth["metres"], axis=1)
    assert metres.mean() < 0.2 and metres.max() < 0.45


def test_hands_feet_and_depth_are_where_they_must_be(joints: np.ndarray) -> None:
    assert joints.shape == (FRAMES, len(MEDIAPIPE_NAMES), 7)
    assert joints[..., 2].min(axis=1).max() > 0.3 and joints[..., 2].max() <= 1
    x, y, z = (joints[..., axis] for axis in (0, 1, 3))
    place = {name: row for row, name in enumerate(MEDIAPIPE_NAMES)}
    for side in ("left", "right"):
        heel, toe, ankle = (place[f"{side}_{part}"] for part in ("heel", "foot_index", "ankle"))
        assert (y[:, heel] > y[:, ankle]).all()
        # the camera sees the athlete's left, 40 degrees from the front: the toes point left
        assert (x[:, toe] < x[:, heel]).all()
        # and they are nearer than the heels
        assert (z[:, toe] < z[:, heel]).mean() > 0.9
    for hands in (place["left_index"], place["right_index"]):
        assert (z[22:, hands] < z[22:, HIPS].mean(axis=1)).all()  # held out in front, below
    assert np.abs(z[:, HIPS].mean(axis=1)).max() < 0.02
    assert np.abs(joints[:, HIPS, 4:].mean(axis=1)).max() < 0.02


def test_it_does_not_shake(joints: np.ndarray) -> None:
    """A still body before the squat: half a pixel of 480 from frame to frame."""
    still = joints[:10, COCO, :2] * (360, 480)
    assert np.median(np.linalg.norm(np.diff(still, axis=0), axis=2)) < 0.5


def test_boxes_hold_the_body(chunks: list[PoseChunk], joints: np.ndarray) -> None:
    boxes = np.concatenate([chunk.boxes for chunk in chunks])
    low, high = joints[..., :2].min(axis=1), joints[..., :2].max(axis=1)
    assert (boxes[:, :2] < low + 0.01).all() and (boxes[:, 2:] > high - 0.01).all()


def test_threads_change_nothing(
    models_dir: Path, frames: FrameChunk, chunks: list[PoseChunk]
) -> None:
    few = FrameChunk(0, frames.times_us[:10], frames.images[:10])
    (threaded,) = run(PoseEngine(models_dir, "cpu", threads=2).landmarks(), few)
    assert encode_chunk(threaded) == encode_chunk(chunks[0])


def test_another_worker_goes_on_from_a_chunk_as_the_first_would_have(
    models_dir: Path, frames: FrameChunk, chunks: list[PoseChunk]
) -> None:
    other = PoseEngine(models_dir, "cpu", blazepose="lite").named("nanodet_person+blazepose_full")
    second = other.estimate(
        1, 10, frames.times_us[10:], frames.images[10:], chunks[0].state,
        keyframes(frames.times_us[10:]),
    )  # fmt: skip
    assert encode_chunk(second) == encode_chunk(chunks[1])
    assert chunks[0].state["region"] is not None


def test_a_tracked_body_needs_no_detector(
    landmarks: LandmarkEngine, frames: FrameChunk, joints: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    detector = landmarks._finder
    detect = detector.detect
    seen = id(frames.images[0])

    def blind(image: Any) -> Any:
        found = detect(image)
        there = slice(0, 1 if id(image) == seen else 0)
        return type(found)(found.boxes[there], found.scores[there])

    monkeypatch.setattr(detector, "detect", blind)
    followed = np.concatenate([chunk.keypoints for chunk in run(landmarks, frames, (10,))])
    assert followed[..., 2].any(axis=1).all()
    assert np.median(np.abs(followed[..., :2] - joints[..., :2])) < 0.01


def test_the_body_is_the_detected_one(landmarks: LandmarkEngine, frames: FrameChunk) -> None:
    """Two pictures of the athlete side by side: the state says the right one, the box the left."""
    image = frames.images[0]
    both = np.concatenate([image, image], axis=1)
    width = image.shape[1]
    alone = landmarks.estimate_image(image).keypoints[0]
    hips = alone[HIPS, 0].mean()
    first = landmarks.estimate(0, 0, np.zeros(1, np.int64), [both], {}, [0])
    subject = first.keypoints[0, HIPS, 0].mean() > 0.5
    x, *rest = first.state["region"]
    other = {**first.state, "region": [x - width if subject else x + width, *rest]}
    later = landmarks.estimate(1, 1, np.array([40_000], np.int64), [both], other, [0])
    expected = (hips + subject) / 2
    assert first.keypoints[0, HIPS, 0].mean() == pytest.approx(expected, abs=0.02)
    assert later.keypoints[0, HIPS, 0].mean() == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_body_on_its_side_is_found(
    landmarks: LandmarkEngine, frames: FrameChunk, turns: int
) -> None:
    upright = landmarks.estimate_image(frames.images[0]).keypoints[0]
    turned = np.ascontiguousarray(np.rot90(frames.images[0], -turns))  # clockwise
    found = landmarks.estimate_image(turned).keypoints[0]
    x, y = upright[COCO, 0], upright[COCO, 1]
    for _ in range(turns):
        x, y = 1 - y, x
    away = np.hypot(found[COCO, 0] - x, found[COCO, 1] - y)
    assert np.median(away) < 0.03


@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_which_way_is_up_is_told(
    landmarks: LandmarkEngine, frames: FrameChunk, quarters: int
) -> None:
    """Of stills and clips alike; the next worker knows it, and who begins later finds it."""
    lying = [np.ascontiguousarray(np.rot90(image, quarters)) for image in frames.images[:6]]
    times = frames.times_us[:6]
    chunk = landmarks.estimate(0, 0, times, lying, {}, keyframes(times))
    assert chunk.state[TURN] == quarters
    assert landmarks.warm_up_state(times, lying, {}, keyframes(times))[TURN] == quarters
    assert (
        landmarks.estimate(1, 6, times + 10**6, lying, chunk.state, keyframes(times)).state[TURN]
        == quarters
    )
    assert landmarks.estimate_image(lying[0]).state[TURN] == quarters


def test_a_black_picture_shows_nobody(landmarks: LandmarkEngine) -> None:
    black = [np.zeros((360, 640, 3), np.uint8)] * 3
    chunk = landmarks.estimate(0, 0, np.array([0, 33_000, 66_000], np.int64), black, {}, [0, 1, 2])
    still = landmarks.estimate_image(black[0])
    for one in (chunk, still):
        assert one.keypoints.shape[1:] == (33, 7)
        assert not one.keypoints.any() and not one.boxes.any()


def test_a_photo_gives_one_upright_pose(landmarks: LandmarkEngine, photo: Path) -> None:
    pose = landmarks.estimate_image(read_still(photo, max_side=1280).image).keypoints[0, COCO]
    assert pose[0, 1] < pose[[11, 12], 1].mean() < pose[[15, 16], 1].mean()
    assert pose[:, 2].mean() > 0.5


@pytest.fixture
def bare(models_dir: Path, tmp_path: Path) -> Path:
    """A folder that has the models of 17 keypoints alone."""
    for name in ("nanodet_person.onnx", "movenet_thunder.onnx"):
        (tmp_path / name).symlink_to((models_dir / name).resolve())
    return tmp_path


def test_models_have_names(engine: PoseEngine, landmarks: LandmarkEngine, bare: Path) -> None:
    assert engine.named(engine.environment.model) is engine
    assert engine.named(landmarks.environment.model) is landmarks
    assert landmarks.environment.model == "nanodet_person+blazepose_full"
    with pytest.raises(JobError, match="does not know the model athlete"):
        engine.named("athlete")
    with pytest.raises(JobError, match="models install blazepose_detector"):
        PoseEngine(bare, "cpu").landmarks()
