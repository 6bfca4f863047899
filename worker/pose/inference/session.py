"""ONNX Runtime sessions that report truthfully on which provider they run."""

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
    gpu_options,
    load_cuda_libraries,
)

Entries = Sequence[tuple[str, str]]
MOST_SHAPES = 8
"""Most shapes of a model whose buffers are kept; the detector has one per aspect ratio of video."""
_FULL = ("out of memory", "Failed to allocate memory", "ALLOC_FAILED")
"""Texts in the errors of CUDA, ONNX Runtime's arena, cuDNN and cuBLAS when GPU memory is full."""


class GpuMissing(ModelFault):
    """A GPU was asked for, and the session does not run on one."""


@dataclass(frozen=True)
class Session:
    """A loaded model; `provider` is the one that runs it, `gpu` whether that is a GPU.

    `missed` says why better providers do not run it. With `buffers`, input and output buffers are
    kept by shape on that device, and `run` admits one thread at a time; otherwise each run
    allocates its own.
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
        """All outputs for the only input; for converted models `image` is uint8 RGB [n, h, w, 3].

        Raises ModelFault. Where the memory of a GPU is full, a batch is run in halves.
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
            self._kept[image.shape] = binding  # the least recently used comes first
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
    """Opens the model at `path` on the best provider that `wanted` allows.

    With `shapes` a session on a GPU keeps its buffers; `entries` are session configuration entries
    (names and values of ONNX Runtime) for a CPU. Raises GpuMissing where a GPU is required and
    cannot be used, ModelFault where the model cannot be loaded. A fallback is logged and counted.
    """
    runtime = Runtime.of(wanted)
    reasons: list[str] = []
    session = None
    for rung in gpu_options(runtime, path, shapes):
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
    """A session whose first provider is that of `rung`, run once where `shapes` are known.

    The trial run finds missing kernels or memory. Raises ModelFault, and OSError for a folder of
    engines that cannot be written.
    """
    name, options = rung
    compiled = ort.get_available_providers()
    if name not in compiled:
        raise ModelFault("not built into this ONNX Runtime")
    load_cuda_libraries()
    # nodes unknown to TensorRT go to CUDA; ONNX Runtime runs shape arithmetic on the CPU
    below = [one for one in compiled if one != TENSORRT] if name == TENSORRT else [CPU]
    with _alone(options.get("trt_engine_cache_path")):
        inner = _load(path, threads, [(name, options), *below])
        # ONNX Runtime silently uses the next provider where libraries or the driver are missing
        if inner.get_providers()[0] != name:
            raise ModelFault("it does not start: driver or libraries are missing")
        session = Session(inner, name, True, "cuda" if shapes else None)
        if shapes is not None:
            session.run(np.zeros(shapes.usual, np.uint8))
    return session


@contextmanager
def _alone(folder: str | None) -> Iterator[None]:
    """Lets one process at a time build engines in `folder`; the next one finds them there."""
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
    """Opens a session; raises ModelFault.

    ONNX Runtime's own fallback is off: after a failure during a job it would silently go on on the
    CPU.
    """
    try:
        return ort.InferenceSession(
            str(path), _options(threads, entries), providers=providers, enable_fallback=0
        )
    except Exception as error:
        raise ModelFault(f"{path.name} cannot be loaded: {error}") from error
