"""Sessions tell the truth about where they run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnxruntime as ort
import pytest

from worker.pose import session as module
from worker.pose.session import CPU, CUDA, GpuMissing, open_session

MODEL = Path("model.onnx")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A runtime that was built with `compiled` and in which `works` really start."""
    state = SimpleNamespace(compiled=[CPU], works=[CPU], tried=[])

    class Inner:
        def __init__(self, path: str, options: Any, providers: list[str]) -> None:
            state.tried.append(providers)
            self.providers = [name for name in providers if name in state.works]

        def get_providers(self) -> list[str]:
            return self.providers

    monkeypatch.setattr(module.ort, "InferenceSession", Inner)
    monkeypatch.setattr(module.ort, "get_available_providers", lambda: state.compiled)
    monkeypatch.setattr(module, "_load_cuda_libraries", lambda: None)
    return state


def test_a_gpu_that_was_asked_for_and_is_not_built_in_is_an_error(fake: SimpleNamespace) -> None:
    with pytest.raises(GpuMissing, match="POSEQUEUE_PROVIDER=cuda"):
        open_session(MODEL, "cuda")
    assert fake.tried == []


def test_a_gpu_that_does_not_start_is_an_error_not_silence(fake: SimpleNamespace) -> None:
    fake.compiled = [CUDA, CPU]
    with pytest.raises(GpuMissing):
        open_session(MODEL, "cuda")
    assert fake.tried == [[CUDA, CPU]]


def test_auto_says_cpu_where_the_gpu_does_not_start(
    fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.compiled = [CUDA, CPU]
    monkeypatch.setattr(module, "_cuda_candidate", lambda: True)
    found = open_session(MODEL, "auto")
    assert (found.provider, found.gpu) == (CPU, False)
    assert fake.tried == [[CUDA, CPU], [CPU]]


def test_a_gpu_that_works_is_used(fake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.compiled = fake.works = [CUDA, CPU]
    monkeypatch.setattr(module, "_cuda_candidate", lambda: True)
    for provider in ("auto", "cuda"):
        found = open_session(MODEL, provider)  # type: ignore[arg-type]
        assert (found.provider, found.gpu) == (CUDA, True)
    assert open_session(MODEL, "cpu").provider == CPU


@pytest.mark.model
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
