"""The real models on real people."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from worker.contract.keypoints import COUNT
from worker.contract.options import Profile
from worker.contract.poses import TURN, PoseChunk, decode_chunk, encode_chunk, turned_joints
from worker.media.decoding.still import read_still
from worker.media.decoding.video import decode
from worker.media.probing.probe import probe
from worker.pipeline.frame_chunks import FrameChunk, grouped
from worker.pose.detectors.nanodet import SIDE, PersonDetector
from worker.pose.engine import PoseEngine
from worker.pose.estimators.movenet import PoseEstimator
from worker.pose.tracking.box_interpolation import keyframes
from worker.pose.tracking.leg_swap_correction import LEGS
from worker.pose.turned_picture import turned_boxes

pytestmark = pytest.mark.models
NOSE, HIPS, ANKLES = 0, [11, 12], [15, 16]
FRAMES = 24


@pytest.fixture(scope="module")
def frames(walking: Path) -> FrameChunk:
    """The first frames of the clip."""
    with decode(walking, probe(walking)) as reader:
        chunk = next(grouped(reader))
    return FrameChunk(0, chunk.times_us[:FRAMES], chunk.images[:FRAMES])


def run(engine: PoseEngine, frames: FrameChunk, cuts: tuple[int, ...] = ()) -> list[PoseChunk]:
    """The frames in chunks, each after the state that the log holds of the one before."""
    state: dict[str, Any] = {}
    chunks = []
    edges = [0, *cuts, len(frames.images)]
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        times = frames.times_us[low:high]
        chunk = engine.estimate(index, low, times, frames.images[low:high], state, keyframes(times))
        chunks.append(decode_chunk(encode_chunk(chunk)))
        state = chunks[-1].state
    return chunks


@pytest.fixture(scope="module")
def chunks(engine: PoseEngine, frames: FrameChunk) -> list[PoseChunk]:
    return run(engine, frames, (12,))


def test_somebody_is_there_and_upright(chunks: list[PoseChunk]) -> None:
    joints = np.concatenate([chunk.keypoints for chunk in chunks])
    assert joints.shape == (FRAMES, COUNT, 3)
    present = joints[..., 2].any(axis=1)
    assert present.mean() > 0.9
    assert joints[present][..., 2].mean() > 0.4
    y = joints[present][..., 1]
    hips = y[:, HIPS].mean(axis=1)
    assert (y[:, NOSE] < hips).mean() > 0.95
    assert (hips < y[:, ANKLES].mean(axis=1)).mean() > 0.95
    boxes = np.concatenate([chunk.boxes for chunk in chunks])[present]
    inside = (joints[present][:, HIPS, 0] > boxes[:, None, 0]) & (
        joints[present][:, HIPS, 0] < boxes[:, None, 2]
    )
    assert inside.mean() > 0.95


def test_the_subject_is_one_person(chunks: list[PoseChunk]) -> None:
    """A walker moves a little from frame to frame; a change of person would be a leap."""
    hips = np.concatenate([chunk.keypoints[:, HIPS, 0].mean(axis=1) for chunk in chunks])
    assert np.abs(np.diff(hips)).max() < 0.04


@pytest.mark.parametrize("profile", ["accurate", "balanced"])
def test_threads_and_takeovers_change_nothing(
    models_dir: Path, frames: FrameChunk, profile: Profile
) -> None:
    alone, threaded = (PoseEngine(models_dir, "cpu", n, profile=profile) for n in (1, 2))
    chunks = run(alone, frames, (12,))
    assert [*map(encode_chunk, run(threaded, frames, (12,)))] == [*map(encode_chunk, chunks)]
    assert chunks[0].state != {}
    second = threaded.estimate(
        1, 12, frames.times_us[12:], frames.images[12:], chunks[0].state,
        keyframes(frames.times_us[12:]),
    )  # fmt: skip
    assert encode_chunk(second) == encode_chunk(chunks[1])


@pytest.mark.parametrize("profile", ["accurate", "balanced"])
def test_a_warm_up_leaves_what_an_estimation_does(
    models_dir: Path, frames: FrameChunk, profile: Profile
) -> None:
    engine = PoseEngine(models_dir, "cpu", profile=profile)
    begun = engine.warm_up_state(frames.times_us, frames.images, {}, keyframes(frames.times_us))
    assert begun["tracks"]
    (whole,) = run(engine, frames)
    assert {name: value for name, value in whole.state.items() if name != LEGS} == begun


def test_the_detector_rests_in_the_cheap_profile_alone(
    models_dir: Path, frames: FrameChunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look = PersonDetector._look

    def counted(self: PersonDetector, image: Any, side: int) -> Any:
        looks.append(side)
        return look(self, image, side)

    monkeypatch.setattr(PersonDetector, "_look", counted)
    for profile, expected in (("accurate", len(keyframes(frames.times_us))), ("balanced", 1)):
        looks.clear()
        still = FrameChunk(0, frames.times_us, [frames.images[0].copy() for _ in range(FRAMES)])
        run(PoseEngine(models_dir, "cpu", profile=profile), still)
        assert looks.count(SIDE) == expected


def test_a_black_picture_shows_nobody(engine: PoseEngine) -> None:
    black = [np.zeros((360, 640, 3), np.uint8)] * 3
    chunk = engine.estimate(0, 0, np.array([0, 33_000, 66_000], np.int64), black, {}, [0, 1, 2])
    assert not chunk.keypoints.any()
    assert not chunk.boxes.any()
    still = engine.estimate_image(black[0])
    assert not still.keypoints.any()
    assert not still.boxes.any()


def test_a_photo_gives_one_upright_pose(engine: PoseEngine, photo: Path) -> None:
    chunk = engine.estimate_image(read_still(photo, max_side=1280).image)
    assert len(chunk) == 1
    y = chunk.keypoints[0, :, 1]
    assert y[NOSE] < y[HIPS].mean() < y[ANKLES].mean()
    assert chunk.keypoints[0, :, 2].mean() > 0.4


def test_a_detector_that_is_blind_for_a_while_loses_nobody(
    engine: PoseEngine, frames: FrameChunk, chunks: list[PoseChunk], monkeypatch: pytest.MonkeyPatch
) -> None:
    detect = engine._detector.detect
    # copies: of pictures that it has seen the engine knows the answers
    frames = FrameChunk(0, frames.times_us, [image.copy() for image in frames.images])
    images = {id(image): n for n, image in enumerate(frames.images)}

    def blind(image: Any, expected: Any = None) -> Any:
        found = detect(image, expected)
        away = 5 < images[id(image)] < 20
        return type(found)(found.boxes[:0], found.scores[:0]) if away else found

    monkeypatch.setattr(engine._detector, "detect", blind)
    joints = np.concatenate([chunk.keypoints for chunk in run(engine, frames, (12,))])
    expected = np.concatenate([chunk.keypoints for chunk in chunks])
    there = expected[..., 2].any(axis=1)
    assert joints[there][..., 2].any(axis=1).mean() > 0.9
    far = np.abs(joints[there][:, HIPS, :2] - expected[there][:, HIPS, :2]).max(axis=(1, 2))
    assert np.median(far) < 0.02


def test_the_environment_is_that_of_the_session(engine: PoseEngine) -> None:
    environment = engine.environment
    assert (environment.execution_provider, environment.device) == ("CPUExecutionProvider", "cpu")
    assert not environment.gpu
    assert not environment.fallback


def test_hardly_a_frame_is_estimated_twice(
    models_dir: Path, frames: FrameChunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The models' calls are what a job costs: where the detector rests, a pose that leaves a doubt
    is one more, and there is one doubt in a second of media at most."""
    asked: list[bytes] = []
    single = PoseEstimator._single

    def counted(self: PoseEstimator, image: Any, box: Any) -> Any:
        asked.append(image.tobytes() + box.tobytes())
        return single(self, image, box)

    monkeypatch.setattr(PoseEstimator, "_single", counted)
    for profile, doubts in (("accurate", 0), ("balanced", 1)):
        asked.clear()
        run(PoseEngine(models_dir, "cpu", profile=profile), frames)
        assert len(set(asked)) == len(asked)
        assert len(asked) <= FRAMES + doubts


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_picture_on_its_side_or_head_is_looked_at_upright(
    engine: PoseEngine, frames: FrameChunk, chunks: list[PoseChunk], quarters: int
) -> None:
    """Its joints are those of the picture as it lies, and the next worker does as the first."""
    lying = [np.ascontiguousarray(np.rot90(image, quarters)) for image in frames.images]
    turned = run(engine, FrameChunk(0, frames.times_us, lying), (12,))
    assert [chunk.state[TURN] for chunk in turned] == [quarters] * 2
    assert [chunk.state[TURN] for chunk in chunks] == [0] * 2
    for upright, other in zip(chunks, turned, strict=True):
        joints = turned_joints(other.keypoints, quarters)
        assert np.abs(joints - upright.keypoints).max() < 0.002
        boxes = turned_boxes(other.boxes, quarters)
        assert np.abs(boxes - upright.boxes).max() < 0.002
    again = engine.estimate(
        1, 12, frames.times_us[12:], lying[12:], turned[0].state, keyframes(frames.times_us[12:])
    )
    assert encode_chunk(again) == encode_chunk(turned[1])


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_still_on_its_side_or_head_is_looked_at_upright(
    engine: PoseEngine, frames: FrameChunk, quarters: int
) -> None:
    upright = engine.estimate_image(frames.images[0])
    lying = engine.estimate_image(np.ascontiguousarray(np.rot90(frames.images[0], quarters)))
    assert (upright.state[TURN], lying.state[TURN]) == (0, quarters)
    joints = turned_joints(lying.keypoints, quarters)
    assert np.abs(joints - upright.keypoints).max() < 0.002
    assert np.abs(turned_boxes(lying.boxes, quarters) - upright.boxes).max() < 0.002


def test_the_person_of_a_still_can_be_chosen(engine: PoseEngine, frames: FrameChunk) -> None:
    both = np.concatenate([frames.images[0]] * 2, axis=1)
    left, right = (
        engine.estimate_image(both, choice).keypoints[0, HIPS, 0].mean()
        for choice in ("left", (0.9, 0.5))
    )
    assert left < 0.5 < right


def test_a_warm_up_finds_a_turned_picture(engine: PoseEngine, frames: FrameChunk) -> None:
    lying = [np.ascontiguousarray(np.rot90(image)) for image in frames.images]
    assert engine.warm_up_state(frames.times_us, lying, {}, [0, FRAMES - 1])[TURN] == 1
