"""What is done on a GPU alone (batches, kept buffers, float16, warm-up), on the CPU: sessions that
say they are on a GPU, and keep their buffers on the device `cpu`."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench.gpu_limits import compared
from worker.contract.errors import JobError
from worker.contract.messages import Entry, EnvironmentMessage
from worker.contract.options import JobOptions
from worker.contract.poses import PoseChunk
from worker.media.decoding import nvdec
from worker.media.decoding.video import decode
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import probe
from worker.observability.gpu_fallbacks import DRIVER
from worker.observability.metrics import GPU_FALLBACKS, MetricSpec, listening
from worker.pipeline.frame_chunks import FrameChunk, grouped
from worker.pipeline.local_job import LocalJob
from worker.pose import engine as module
from worker.pose.engine import PoseEngine
from worker.pose.estimators import movenet
from worker.pose.inference.providers import Provider, Runtime
from worker.pose.inference.session import Session
from worker.pose.model_factory import open_model, shapes_of
from worker.pose.profiles import PROFILES, model_of
from worker.pose.tracking.box_interpolation import keyframes
from worker.pose.weights.registry import DEFAULT_MODELS, MODELS
from worker.runtime import model_loading

pytestmark = pytest.mark.models
FRAMES = 20
CLIP = Path(__file__).parents[1] / "clips/standing_5s.mp4"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, Session]:
    """Sessions by model, as they are opened: of the CPU, and as if they were a GPU's."""
    found: dict[str, Session] = {}

    def open_as_gpu(name: str, folder: Path, _wanted: Runtime) -> Session:
        session = open_model(name, folder, "cpu")
        found[name] = dataclasses.replace(session, gpu=True, buffers="cpu")
        usual = shapes_of(MODELS[name])
        assert usual
        found[name].run(np.zeros(usual.usual, np.uint8))  # as `open_session` does on a GPU
        return found[name]

    monkeypatch.setattr(module, "open_model", open_as_gpu)
    return found


@pytest.fixture
def whole_crops() -> Iterator[None]:
    """A CPU that does not trim crops, which a GPU never does."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(movenet, "trimmed", lambda crop, *_: crop)
        yield


@pytest.fixture(scope="module")
def frames(walking: Path) -> FrameChunk:
    with decode(walking, probe(walking)) as reader:
        chunk = next(grouped(reader))
    return FrameChunk(0, chunk.times_us[:FRAMES], chunk.images[:FRAMES])


def estimated(engine: PoseEngine, frames: FrameChunk) -> PoseChunk:
    state: dict[str, Any] = {}
    return engine.estimate(0, 0, frames.times_us, frames.images, state, keyframes(frames.times_us))


def shapes(session: Session) -> set[tuple[int, ...]]:
    return set(session._kept)


@pytest.mark.usefixtures("whole_crops")
def test_batches_in_kept_buffers_give_the_poses_of_single_calls(
    models_dir: Path, opened: dict[str, Session], frames: FrameChunk, monkeypatch: Any
) -> None:
    fast = estimated(PoseEngine(models_dir, Runtime("cuda"), profile="fast"), frames)
    assert (16, 192, 192, 3) in shapes(opened["movenet_lightning"])
    monkeypatch.undo()
    plain = estimated(PoseEngine(models_dir, "cpu", profile="fast"), frames)
    assert (plain.keypoints[..., 2] > 0.3).any()
    assert np.abs(fast.keypoints - plain.keypoints).max() <= 2e-4  # a step of the log's, or two
    assert np.abs(fast.boxes - plain.boxes).max() <= 2e-4


@pytest.mark.usefixtures("opened")
def test_a_cpu_that_trims_crops_has_the_joints_of_a_gpu_that_does_not(
    models_dir: Path, frames: FrameChunk, monkeypatch: Any
) -> None:
    """Black that is not computed moves joints a little: of 75 crops of the clips here none was
    farther than 0.036 of the body's box."""
    name = "nanodet_person+movenet_thunder"
    gpu = estimated(PoseEngine(models_dir, Runtime("cuda"), model=name), frames)
    monkeypatch.undo()
    cpu = estimated(PoseEngine(models_dir, "cpu", model=name), frames)
    height, width = frames.images[0].shape[:2]
    apart = (cpu.keypoints - gpu.keypoints)[..., :2] * [width, height]
    sides = (cpu.boxes[:, 2:] - cpu.boxes[:, :2]) * [width, height]
    off = np.linalg.norm(apart, axis=2) / np.maximum(sides.max(axis=1, keepdims=True), 1)
    seen = (cpu.keypoints[..., 2] > 0.3) & (gpu.keypoints[..., 2] > 0.3)
    assert seen.mean() > 0.5
    assert 0 < off[seen].max() < 0.05  # one was trimmed, the other not


@pytest.mark.usefixtures("whole_crops")
def test_half_precision_is_chosen_for_a_gpu_alone(
    models_dir: Path, opened: dict[str, Session], frames: FrameChunk, monkeypatch: Any
) -> None:
    """Rounded weights give the float32 poses; a GPU rounds what is between the layers too, which
    no CPU shows."""
    wanted = Runtime("auto", "fp16")
    half = PoseEngine(models_dir, wanted, profile="fast")
    assert half.environment.model == "nanodet_person+movenet_lightning_fp16"
    assert half.profiled("fast") is half
    assert half.profiled("accurate").environment.model.endswith("movenet_thunder_fp16+flip")
    poses = estimated(half, frames)
    monkeypatch.undo()
    plain = PoseEngine(models_dir, Runtime("cpu", "fp16"), profile="fast")
    assert plain.environment.model == "nanodet_person+movenet_lightning"
    theirs = estimated(plain, frames)
    height, width = frames.images[0].shape[:2]
    found = compared(poses.keypoints, theirs.keypoints, theirs.boxes, width, height)
    assert found["pixels"] < 0.5
    assert found["least"] > 0.99
    # whoever goes on with the job has the model, GPU or not
    assert plain.named(half.environment.model).environment.model == half.environment.model


def test_profiles_in_half_precision_are_installed_by_default() -> None:
    for profile in PROFILES:
        joints = model_of(profile, gpu=True, half=True).split("+")[1]
        assert joints in DEFAULT_MODELS
        assert joints.endswith("_fp16")
        assert model_of(profile, gpu=False, half=True) == model_of(profile, gpu=False)


def test_the_first_job_finds_its_shapes_warm(
    models_dir: Path, opened: dict[str, Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PoseEngine(models_dir, Runtime("cuda"), profile="fast")
    monkeypatch.setattr(model_loading, "engine", lambda: engine)
    model_loading.warm()
    assert shapes(opened["movenet_lightning"]) == {(1, 192, 192, 3), (16, 192, 192, 3)}
    assert shapes(opened["blazepose_full"]) == {(1, 256, 256, 3), (16, 256, 256, 3)}
    assert (1, 224, 224, 3) in shapes(opened["blazepose_detector"])
    warm = shapes(opened["nanodet_person"])
    assert warm == {(1, 256, 416, 3), (1, 416, 256, 3), (1, 320, 544, 3), (1, 544, 320, 3)}
    before = {name: shapes(session) for name, session in opened.items()}
    noise = np.random.default_rng(1).integers(0, 255, (8, 360, 640, 3), np.uint8)
    estimated(engine, FrameChunk(0, np.arange(8) * 40_000, list(noise)))
    assert {name: shapes(session) for name, session in opened.items()} == before


def test_a_job_whose_gpu_does_not_decode_is_the_job_of_a_cpu(
    models_dir: Path, opened: dict[str, Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """NVDEC is tried for real, by an ffmpeg that has no GPU; sessions are as if there were one."""
    if DRIVER.exists():
        pytest.skip("needs a machine without a GPU")
    clip = tmp_path / "second.mp4"
    cut = ["-v", "error", "-i", str(CLIP), "-t", "1", "-c", "copy", str(clip)]
    subprocess.run([find_tools().ffmpeg, *cut], check=True)
    counted: list[tuple[str, ...]] = []
    monkeypatch.setattr(nvdec, "unavailable_reason", lambda: None)
    monkeypatch.setattr(nvdec, "_failures", 0)

    def hear(measure: MetricSpec, _value: float, labels: tuple[str, ...]) -> None:
        if measure is GPU_FALLBACKS:
            counted.append(labels)

    def said(provider: Provider) -> list[Entry]:
        made = PoseEngine(models_dir, Runtime(provider), profile="fast")
        return list(LocalJob(clip, JobOptions(exercise="squat"), lambda: made).messages())

    with listening(hear):
        ours = said("cuda")
    assert counted == [("decode", "software")]
    monkeypatch.undo()
    theirs = said("cpu")
    assert ours[-1].message == theirs[-1].message
    kinds = [[(one.id, type(one.message)) for one in entries] for entries in (ours, theirs)]
    assert kinds[0] == kinds[1]
    messages = [one.message for one in ours + theirs]
    devices = [one.device for one in messages if isinstance(one, EnvironmentMessage)]
    assert devices == ["gpu", "cpu"]


def test_warming_does_without_landmarks_that_are_not_installed(
    models_dir: Path, opened: dict[str, Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PoseEngine(models_dir, Runtime("cuda"), profile="fast")

    def missing() -> None:
        raise JobError("internal", "not installed")

    monkeypatch.setattr(engine, "landmarks", missing)
    monkeypatch.setattr(model_loading, "engine", lambda: engine)
    model_loading.warm()
    assert shapes(opened["movenet_lightning"]) == {(1, 192, 192, 3), (16, 192, 192, 3)}


def test_a_cpu_is_not_warmed(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = PoseEngine(models_dir, "cpu", profile="fast")
    monkeypatch.setattr(model_loading, "engine", lambda: engine)
    monkeypatch.setattr(engine, "estimate_image", lambda _image: pytest.fail("not needed"))
    model_loading.warm()
