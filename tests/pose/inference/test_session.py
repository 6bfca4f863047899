"""Sessions tell the truth about where they run, and what falls back is counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from worker.contract.errors import ModelFault
from worker.observability import gpu_fallbacks
from worker.observability.metrics import GPU_FALLBACKS, MetricSpec, listening
from worker.pose.inference import providers as rungs
from worker.pose.inference import session as module
from worker.pose.inference.providers import CPU, CUDA, TENSORRT, Runtime, Shapes, engine_folder
from worker.pose.inference.session import MOST_SHAPES, GpuMissing, Session, open_session
from worker.pose.model_factory import open_model

SHAPES = Shapes("image", (1, 8, 8, 3), (16, 8, 8, 3), (16, 8, 8, 3))
Counted = list[tuple[str, ...]]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"a model")
    return path


@pytest.fixture
def counted() -> Iterator[Counted]:
    """Labels of the fallbacks that were counted."""
    seen: Counted = []

    def hear(measure: MetricSpec, _value: float, labels: tuple[str, ...]) -> None:
        if measure is GPU_FALLBACKS:
            seen.append(labels)

    with listening(hear):
        yield seen


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine with a GPU, a runtime that was built with `compiled` and in which `works` really
    start; `broken` raise when they load, `faulty` when they run. `ran` are the shapes of runs."""
    state = SimpleNamespace(compiled=[CPU], works=[CPU], broken=[], faulty=[], tried=[], ran=[])
    state.options = {}

    class Inner:
        def __init__(
            self, path: str, options: Any, providers: list[Any], enable_fallback: int
        ) -> None:
            assert not enable_fallback
            names = [one if isinstance(one, str) else one[0] for one in providers]
            state.options |= dict(one for one in providers if not isinstance(one, str))
            state.tried.append(names)
            if names[0] in state.broken:
                raise RuntimeError(f"{names[0]} is broken\nmore of it")
            self.providers = [name for name in names if name in state.works]

        def get_providers(self) -> list[str]:
            return self.providers

    class Kept:
        def __init__(self, session: Inner, shape: Any, _kind: Any, device: str) -> None:
            assert device == "cuda"
            self.first, self.shape = session.providers[0], shape

        def run(self, image: np.ndarray) -> list[np.ndarray]:
            if self.first in state.faulty:
                raise RuntimeError("no kernel image is available")
            state.ran.append(image.shape)
            return [image]

    monkeypatch.setattr(module, "Binding", Kept)
    monkeypatch.setattr(module.ort, "InferenceSession", Inner)
    monkeypatch.setattr(module.ort, "get_available_providers", lambda: state.compiled)
    monkeypatch.setattr(module, "load_cuda_libraries", lambda: None)
    monkeypatch.setattr(rungs, "DRIVER", Path("/"))
    monkeypatch.setattr(gpu_fallbacks, "_told", set())
    return state


def test_a_gpu_that_was_asked_for_and_is_not_built_in_is_an_error(
    fake: SimpleNamespace, model: Path, counted: Counted
) -> None:
    with pytest.raises(GpuMissing, match="POSEQUEUE_PROVIDER=cuda"):
        open_session(model, "cuda")
    assert fake.tried == []
    assert counted == []


def test_a_gpu_that_does_not_start_is_an_error_not_silence(
    fake: SimpleNamespace, model: Path
) -> None:
    fake.compiled = [CUDA, CPU]
    with pytest.raises(GpuMissing):
        open_session(model, "cuda")
    assert fake.tried == [[CUDA, CPU]]


def test_auto_says_cpu_where_the_gpu_does_not_start(
    fake: SimpleNamespace, model: Path, counted: Counted, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.compiled = [CUDA, CPU]
    found = [open_session(model, "auto") for _ in range(2)]
    assert [(one.provider, one.gpu) for one in found] == [(CPU, False)] * 2
    assert "does not start" in found[0].missed[0]
    assert fake.tried == [[CUDA, CPU], [CPU]] * 2
    assert counted == [("inference", CPU)] * 2
    assert "".join(capsys.readouterr()).count("gpu_fallback") == 1


def test_a_gpu_without_a_runtime_for_it_is_a_fallback_too(
    fake: SimpleNamespace, model: Path, counted: Counted
) -> None:
    assert open_session(model).provider == CPU
    assert counted == [("inference", CPU)]


def test_where_no_gpu_is_nothing_falls_back(
    fake: SimpleNamespace, model: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.compiled = [CUDA, CPU]
    monkeypatch.setattr(rungs, "DRIVER", Path("/nowhere"))
    assert open_session(model).provider == CPU
    assert fake.tried == [[CPU]]
    assert counted == []


def test_a_model_that_nothing_loads_is_no_fallback(
    fake: SimpleNamespace, model: Path, counted: Counted
) -> None:
    fake.compiled, fake.broken = [CUDA, CPU], [CUDA, CPU]
    with pytest.raises(ModelFault, match="is broken"):
        open_session(model)
    assert counted == []


def test_a_gpu_that_works_is_used(fake: SimpleNamespace, model: Path, counted: Counted) -> None:
    fake.compiled = fake.works = [CUDA, CPU]
    for provider in ("auto", "cuda"):
        found = open_session(model, provider)  # type: ignore[arg-type]
        assert (found.provider, found.gpu, found.buffers) == (CUDA, True, None)
    assert fake.ran == []
    assert open_session(model, "auto", shapes=SHAPES).buffers == "cuda"
    assert fake.ran == [SHAPES.usual]
    assert open_session(model, "cpu", shapes=SHAPES).buffers is None
    assert counted == []


def test_a_gpu_that_starts_and_does_not_run_is_none(
    fake: SimpleNamespace, model: Path, counted: Counted
) -> None:
    fake.compiled = fake.works = [CUDA, CPU]
    fake.faulty = [CUDA]
    assert open_session(model, shapes=SHAPES).provider == CPU
    assert counted == [("inference", CPU)]
    with pytest.raises(GpuMissing, match="no kernel image"):
        open_session(model, "cuda", shapes=SHAPES)


@pytest.mark.parametrize(("precision", "tf32"), [("fp32", "0"), ("tf32", "1"), ("fp16", "1")])
def test_fp32_is_not_rounded(fake: SimpleNamespace, model: Path, precision: Any, tf32: str) -> None:
    fake.compiled = fake.works = [CUDA, CPU]
    open_session(model, Runtime("cuda", precision), shapes=SHAPES)
    assert fake.options[CUDA]["use_tf32"] == tf32
    assert fake.options[CUDA]["cudnn_conv_algo_search"] == "EXHAUSTIVE"
    open_session(model, Runtime("cuda", precision))
    assert fake.options[CUDA]["cudnn_conv_algo_search"] == "HEURISTIC"


def test_tensorrt_builds_where_it_is_asked_for(
    fake: SimpleNamespace, model: Path, tmp_path: Path
) -> None:
    fake.compiled = fake.works = [TENSORRT, CUDA, CPU]
    runtime = Runtime("tensorrt", "fp16", tmp_path / "engines")
    found = open_session(model, runtime, shapes=SHAPES)
    assert (found.provider, found.gpu, found.buffers) == (TENSORRT, True, "cuda")
    assert fake.tried == [[TENSORRT, CUDA, CPU]]
    folder = engine_folder(runtime, model)
    assert fake.options[TENSORRT] == {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder),
        "trt_fp16_enable": "1",
        "trt_profile_min_shapes": "image:1x8x8x3",
        "trt_profile_opt_shapes": "image:16x8x8x3",
        "trt_profile_max_shapes": "image:16x8x8x3",
    }
    assert folder.is_dir()


def test_auto_takes_engines_that_are_built(
    fake: SimpleNamespace, model: Path, tmp_path: Path
) -> None:
    fake.compiled = fake.works = [TENSORRT, CUDA, CPU]
    runtime = Runtime("auto", "fp32", tmp_path)
    assert open_session(model, runtime).provider == CUDA
    folder = engine_folder(runtime, model)
    folder.mkdir()
    (folder / "one.engine").touch()
    assert open_session(model, runtime).provider == TENSORRT
    # engines are those of these weights and of this precision
    assert open_session(model, dataclasses.replace(runtime, precision="fp16")).provider == CUDA
    model.write_bytes(b"another model")
    assert open_session(model, runtime).provider == CUDA


@pytest.mark.parametrize("fault", ["broken", "faulty", "missing"])
def test_tensorrt_falls_back_to_cuda_and_never_to_the_cpu(
    fake: SimpleNamespace, model: Path, tmp_path: Path, counted: Counted, fault: str
) -> None:
    fake.compiled = fake.works = [TENSORRT, CUDA, CPU]
    setattr(fake, fault, [TENSORRT])
    fake.works = [CUDA, CPU] if fault == "missing" else fake.works
    runtime = Runtime("tensorrt", engines=tmp_path)
    found = open_session(model, runtime, shapes=SHAPES)
    assert found.provider == CUDA
    assert found.missed[0].startswith(TENSORRT)
    assert counted == [("inference", CUDA)]
    fake.works = [CPU]
    with pytest.raises(GpuMissing, match="POSEQUEUE_PROVIDER=tensorrt"):
        open_session(model, runtime, shapes=SHAPES)
    assert counted == [("inference", CUDA)]


def test_engines_that_cannot_be_written_are_done_without(
    fake: SimpleNamespace, model: Path, counted: Counted
) -> None:
    fake.compiled = fake.works = [TENSORRT, CUDA, CPU]
    assert open_session(model, Runtime("tensorrt", engines=model)).provider == CUDA
    assert counted == [("inference", CUDA)]


class Full:
    """A runtime whose GPU holds `room` pictures."""

    def __init__(self, room: int, words: str = "CUDA failure 2: out of memory") -> None:
        self.room, self.words = room, words

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="image")]

    def run(self, _names: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        if len(feed["image"]) > self.room:
            raise RuntimeError(self.words)
        return [feed["image"] + 1, feed["image"] * 2.0]


def test_a_batch_that_the_gpu_has_no_room_for_is_halved(counted: Counted) -> None:
    image = np.arange(10.0)[:, None]
    found = Session(Full(3), CUDA, True).run(image)
    assert (found[0] == image + 1).all()
    assert (found[1] == image * 2).all()
    assert counted == [("batch", "smaller")] * 3  # 10 to 5, and each 5 to 2 and 3


def test_what_no_halving_helps_is_a_fault(counted: Counted) -> None:
    image = np.zeros((16, 1))
    for inner, gpu in (
        (Full(0), True), (Full(3, "an illegal memory access"), True), (Full(3), False),
    ):  # fmt: skip
        with pytest.raises(ModelFault):
            Session(inner, CUDA, gpu).run(image)
    assert len(counted) == 4  # to one picture, which has no room either


@pytest.mark.models
def test_the_real_runtime(models_dir: Path) -> None:
    path = models_dir / "nanodet_person.onnx"
    assert open_session(path, "cpu").inner.get_providers() == [CPU]
    found = open_session(path, "auto")
    assert found.provider == found.inner.get_providers()[0]
    assert found.gpu == (found.provider == CUDA)
    if CUDA not in ort.get_available_providers():
        assert found.provider == CPU
        with pytest.raises(GpuMissing):
            open_session(path, "cuda")


@pytest.mark.models
def test_kept_buffers_give_what_a_run_gives(models_dir: Path) -> None:
    plain = open_model("movenet_lightning", models_dir, "cpu")
    kept = dataclasses.replace(plain, buffers="cpu")
    noise = np.random.default_rng(1)
    sizes = (16, 1, 16, 3)
    pictures = [noise.integers(0, 255, (n, 192, 192, 3), np.uint8) for n in sizes]
    expected = [plain.run(one) for one in pictures]
    found = [kept.run(one) for one in pictures]
    for ours, theirs in zip(found, expected, strict=True):
        assert [one.tobytes() for one in ours] == [one.tobytes() for one in theirs]
    assert list(kept._kept) == [(1, 192, 192, 3), (16, 192, 192, 3), (3, 192, 192, 3)]
    binding = kept._kept[16, 192, 192, 3]
    places = [one.data_ptr() for one in binding._bound.get_outputs()]
    kept.run(pictures[2])
    assert [one.data_ptr() for one in binding._bound.get_outputs()] == places


@pytest.mark.models
def test_buffers_of_few_shapes_are_kept(models_dir: Path) -> None:
    session = dataclasses.replace(open_model("nanodet_person", models_dir, "cpu"), buffers="cpu")
    heights = [32 * n for n in range(1, MOST_SHAPES + 3)]
    for height in heights:
        boxes, scores = session.run(np.zeros((1, height, 64, 3), np.uint8))
        assert boxes.shape[1] == scores.shape[1] > 0
    assert [shape[1] for shape in session._kept] == heights[-MOST_SHAPES:]


def test_what_the_runtime_prints_of_missing_libraries_keeps_off_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There `analyze` writes its messages."""
    monkeypatch.setattr(
        rungs.ort, "preload_dlls", lambda: print("Failed to load libcublas"), raising=False
    )
    rungs.load_cuda_libraries.cache_clear()
    rungs.load_cuda_libraries()
    rungs.load_cuda_libraries.cache_clear()
    said = capsys.readouterr()
    assert said.out == ""
    assert "libcublas" in said.err
