"""ONNX Runtime sessions that say the truth about where they run."""

from __future__ import annotations

import dataclasses
import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from worker.contract.errors import ModelFault
from worker.observability.gpu_fallbacks import record_fallback
from worker.pose.inference.io_binding import Binding, Device
from worker.pose.inference.providers import (
    CPU,
    TENSORRT,
    Provider,
    ProviderOption,
    Runtime,
    Shapes,
    gpu_rungs,
    load_cuda_libraries,
)

Entries = Sequence[tuple[str, str]]
MOST_SHAPES = 8
"""Shapes of a model whose buffers are kept: of the detector one for each form of video."""
_FULL = ("out of memory", "Failed to allocate memory", "ALLOC_FAILED")
"""What CUDA, ONNX Runtime's arena, and cuDNN or cuBLAS say where a GPU's memory is full."""


class GpuMissing(ModelFault):
    """A GPU was asked for and the session does not run on one."""


@dataclass(frozen=True)
class Session:
    """A loaded model; `provider` is what really runs it, `gpu` whether that is a GPU, `missed` why
    none that is better does.

    With `buffers` its input's and outputs' are kept by shape on that device, and `run` lets in one
    thread at a time; else each run allocates its own.
    """

    inner: ort.InferenceSession
    provider: str
    gpu: bool
    buffers: Device | None = None
    missed: tuple[str, ...] = ()
    _kept: dict[tuple[int, ...], Binding] = field(default_factory=dict, compare=False, repr=False)
    _lock: Lock = field(default_factory=Lock, compare=False, repr=False)

    @cached_property
    def _input(self) -> str:
        return str(self.inner.get_inputs()[0].name)

    def run(self, image: NDArray[Any]) -> list[NDArray[Any]]:
        """All outputs for the one input, of our own models `image` uint8 RGB [n, h, w, 3].

        Raises ModelFault. Where a GPU's memory is full a batch is run in halves.
        """
        try:
            if self.buffers:
                return self._run_kept(image, self.buffers)
            outputs: list[NDArray[Any]] = self.inner.run(None, {self._input: image})
        except Exception as error:  # ONNX Runtime's have no common base
            if self.gpu and len(image) > 1 and any(word in str(error) for word in _FULL):
                record_fallback(
                    "batch", "smaller", "the memory of the GPU is full", batch=len(image)
                )
                return self._in_halves(image)
            raise ModelFault(f"inference failed: {error}") from error
        return outputs

    def _run_kept(self, image: NDArray[Any], device: Device) -> list[NDArray[Any]]:
        with self._lock:
            binding = self._kept.pop(image.shape, None)
            if binding is None:
                while len(self._kept) >= MOST_SHAPES:
                    self._kept.pop(next(iter(self._kept)))
                binding = Binding(self.inner, image.shape, image.dtype, device)
            outputs = binding.run(image)
            self._kept[image.shape] = binding  # the last used is the last to go
            return outputs

    def _in_halves(self, image: NDArray[Any]) -> list[NDArray[Any]]:
        with self._lock:
            self._kept.clear()
        half = len(image) // 2
        parts = self.run(image[:half]), self.run(image[half:])
        return [np.concatenate(pair) for pair in zip(*parts, strict=True)]


def open_session(
    path: Path,
    wanted: Provider | Runtime = "auto",
    threads: int = 1,
    shapes: Shapes | None = None,
    entries: Entries = (),
) -> Session:
    """A session for the model at `path`; with `shapes` it keeps its buffers on a GPU, on a CPU it
    has the session configuration `entries` (ONNX Runtime's names and values).

    Raises GpuMissing where a GPU was asked for and the session would silently run on the CPU,
    ModelFault where the model cannot be loaded. What falls back is logged and counted.
    """
    runtime = Runtime.of(wanted)
    reasons: list[str] = []
    session = None
    for rung in gpu_rungs(runtime, path, shapes):
        try:
            session = _on_gpu(path, threads, rung, shapes)
            break
        except (ModelFault, OSError) as error:
            reasons.append(f"{rung[0]}: {str(error).splitlines()[0]}")
    if session is None:
        session = _on_cpu(path, threads, entries, runtime, reasons)
    if reasons:
        record_fallback("inference", session.provider, "; ".join(reasons), model=path.name)
    return dataclasses.replace(session, missed=tuple(reasons))


def _on_cpu(
    path: Path, threads: int, entries: Entries, runtime: Runtime, reasons: Sequence[str]
) -> Session:
    if runtime.provider in ("cuda", "tensorrt"):
        raise GpuMissing(
            f"a GPU was asked for (POSEQUEUE_PROVIDER={runtime.provider}) but ONNX Runtime cannot "
            "use one here: check the driver and install posequeue[gpu] instead of posequeue[cpu] "
            f"({'; '.join(reasons)})"
        )
    return Session(_load(path, threads, [CPU], entries), CPU, False)


def _on_gpu(path: Path, threads: int, rung: ProviderOption, shapes: Shapes | None) -> Session:
    """A session whose first provider is that of the rung, and that has run once where it is known
    on what: kernels and memory may be missing where driver and libraries are not.

    Raises ModelFault, OSError for a folder of engines that cannot be written.
    """
    name, options = rung
    compiled = ort.get_available_providers()
    if name not in compiled:
        raise ModelFault("not built into this ONNX Runtime")
    load_cuda_libraries()
    # what TensorRT does not know is CUDA's; ONNX Runtime gives shapes and the like to the CPU
    below = [one for one in compiled if one != TENSORRT] if name == TENSORRT else [CPU]
    with _alone(options.get("trt_engine_cache_path")):
        inner = _load(path, threads, [(name, options), *below])
        # it takes the next provider in silence where libraries or the driver are missing
        if inner.get_providers()[0] != name:
            raise ModelFault("it does not start: driver or libraries are missing")
        session = Session(inner, name, True, "cuda" if shapes else None)
        if shapes is not None:
            session.run(np.zeros(shapes.usual, np.uint8))
    return session


@contextmanager
def _alone(folder: str | None) -> Iterator[None]:
    """One process builds engines in a folder at a time; the next one finds them there."""
    if folder is None:
        yield
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    with Path(folder, ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _options(threads: int, entries: Entries) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # a spinning thread pool burns a core while the decoder needs it
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    for name, value in entries:
        options.add_session_config_entry(name, value)
    return options


def _load(
    path: Path, threads: int, providers: list[Any], entries: Entries = ()
) -> ort.InferenceSession:
    """Raises ModelFault. ONNX Runtime's own fallback is off: a failure in mid-job would go on, on
    the CPU and in silence."""
    try:
        return ort.InferenceSession(
            str(path), _options(threads, entries), providers=providers, enable_fallback=0
        )
    except Exception as error:
        raise ModelFault(f"{path.name} cannot be loaded: {error}") from error
