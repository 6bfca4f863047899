"""ONNX Runtime sessions that say the truth about where they run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import onnxruntime as ort
from numpy.typing import NDArray

from worker.contract.errors import ModelFault

Provider = Literal["auto", "cuda", "cpu"]
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class GpuMissing(ModelFault):
    """A GPU was asked for and the session does not run on one."""


@dataclass(frozen=True)
class Session:
    """A loaded model; `provider` is what really runs it, `gpu` whether that is a GPU."""

    inner: ort.InferenceSession
    provider: str
    gpu: bool

    @cached_property
    def _input(self) -> str:
        return str(self.inner.get_inputs()[0].name)

    def run(self, image: NDArray[Any]) -> list[NDArray[Any]]:
        """All outputs for the one input, of our own models `image` uint8 RGB [n, h, w, 3]."""
        try:
            outputs: list[NDArray[Any]] = self.inner.run(None, {self._input: image})
        except Exception as error:  # ONNX Runtime's have no common base
            raise ModelFault(f"inference failed: {error}") from error
        return outputs


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # a spinning thread pool burns a core while the decoder needs it
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


@cache
def _load_cuda_libraries() -> None:
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()


def _cuda_candidate() -> bool:
    # lists what was compiled in, not what works: only a session tells
    return CUDA in ort.get_available_providers() and Path("/dev/nvidiactl").exists()


def open_session(path: Path, provider: Provider = "auto", threads: int = 1) -> Session:
    """A session for the model at `path`.

    `auto` takes a GPU where one works and the CPU otherwise. Raises GpuMissing if `cuda` is asked
    for and the session would silently run on the CPU, ModelFault where the model cannot be loaded.
    """
    if provider != "cpu" and (provider == "cuda" or _cuda_candidate()):
        if CUDA in ort.get_available_providers():
            _load_cuda_libraries()
            inner = _load(path, threads, [CUDA, CPU])
            if inner.get_providers()[0] == CUDA:
                return Session(inner, CUDA, True)
        if provider == "cuda":
            raise GpuMissing(
                "a GPU was asked for (POSEQUEUE_PROVIDER=cuda) but ONNX Runtime cannot use one "
                "here: check the driver and install posequeue[gpu] instead of posequeue[cpu]"
            )
    return Session(_load(path, threads, [CPU]), CPU, False)


def _load(path: Path, threads: int, providers: list[str]) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(str(path), _options(threads), providers=providers)
    except Exception as error:
        raise ModelFault(f"{path.name} cannot be loaded: {error}") from error
