"""Execution providers of ONNX Runtime on which models may run: their options and order.

Option names: onnxruntime.ai, "CUDA Execution Provider" and "TensorRT Execution Provider"; also
found in the libraries of onnxruntime-gpu 1.31.1. None of it has run on a GPU yet.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import onnxruntime as ort

from worker.observability.gpu_fallbacks import DRIVER

Provider = Literal["auto", "tensorrt", "cuda", "cpu"]
Precision = Literal["fp32", "tf32", "fp16"]
"""Arithmetic of a GPU. `tf32`: float32 with products rounded to 10 bits; `fp16`: networks in
float16."""

TENSORRT = "TensorrtExecutionProvider"
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
ProviderOption = tuple[str, dict[str, str]]
"""An execution provider and its options."""


@dataclass(frozen=True)
class Runtime:
    """Where a process runs its models.

    `auto` uses a GPU where one works and the CPU otherwise; `cuda` and `tensorrt` never use the
    CPU. `engines` is the folder of the engines that TensorRT builds; without it TensorRT is not
    tried.
    """

    provider: Provider = "auto"
    precision: Precision = "fp32"
    engines: Path | None = None

    @classmethod
    def of(cls, wanted: Provider | Self) -> Runtime:
        """The runtime `wanted`, or one of that provider with defaults otherwise."""
        return wanted if isinstance(wanted, Runtime) else cls(wanted)


@dataclass(frozen=True)
class Shapes:
    """Shapes of the input `name` for which TensorRT builds one engine: smallest, usual, largest."""

    name: str
    least: tuple[int, ...]
    usual: tuple[int, ...]
    most: tuple[int, ...]


def gpu_options(runtime: Runtime, model: Path, shapes: Shapes | None) -> list[ProviderOption]:
    """GPU providers to try for a model, best first; empty where no GPU is to be tried."""
    if runtime.provider == "cpu" or (runtime.provider == "auto" and not DRIVER.exists()):
        return []
    compiled = ort.get_available_providers()
    options = [(CUDA, cuda_options(runtime.precision, fixed=_fixed(shapes)))]
    if runtime.provider != "cuda" and runtime.engines and TENSORRT in compiled:
        folder = engine_folder(runtime, model)
        # building takes minutes, so it is done only where TensorRT is asked for by name
        if runtime.provider == "tensorrt" or any(folder.glob("*.engine")):
            options.insert(0, (TENSORRT, tensorrt_options(runtime.precision, folder, shapes)))
    return options


def _fixed(shapes: Shapes | None) -> bool:
    return shapes is not None and shapes.least[1:] == shapes.most[1:]


def cuda_options(precision: Precision, *, fixed: bool) -> dict[str, str]:
    """Options of the CUDA provider; `fixed` where all pictures have one size."""
    return {
        # an exhaustive search of cuDNN's kernels pays off for shapes that recur; pictures of a
        # new size would wait for it
        "cudnn_conv_algo_search": "EXHAUSTIVE" if fixed else "HEURISTIC",
        # several processes share a GPU, so none doubles its arena
        "arena_extend_strategy": "kSameAsRequested",
        "use_tf32": "0" if precision == "fp32" else "1",
    }


def tensorrt_options(precision: Precision, folder: Path, shapes: Shapes | None) -> dict[str, str]:
    """Options of the TensorRT provider, with caches of engines and timings in `folder`.

    TensorRT itself multiplies float32 in TF32 where the GPU can, and ONNX Runtime has no option for
    it: NVIDIA_TF32_OVERRIDE=0 in the environment forbids it.
    """
    options = {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder),
        "trt_fp16_enable": "1" if precision == "fp16" else "0",
    }
    if shapes is not None:
        for word, shape in (("min", shapes.least), ("opt", shapes.usual), ("max", shapes.most)):
            options[f"trt_profile_{word}_shapes"] = f"{shapes.name}:{'x'.join(map(str, shape))}"
    return options


def engine_folder(runtime: Runtime, model: Path) -> Path:
    """Folder of a model's engines: one for each version of weights and libraries, and precision.

    That they match the GPU is ensured by TensorRT's own file names.
    """
    assert runtime.engines is not None
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    versions = f"ort{ort.__version__}-trt{tensorrt_version() or 'none'}"
    return runtime.engines / f"{model.stem}-{digest}-{versions}-{runtime.precision}"


@cache
def tensorrt_version() -> int | None:
    """Version of the TensorRT library (10.9.0: 100900), None where there is none.

    ONNX Runtime 1.31 needs TensorRT 10, which no package of PyPI contains.
    """
    try:
        library: Any = ctypes.CDLL("libnvinfer.so.10")
        return int(library.getInferLibVersion())
    except (OSError, AttributeError):
        return None


@cache
def load_cuda_libraries() -> None:
    """Loads the CUDA libraries from their wheels; call it before the first session on a GPU."""
    if hasattr(ort, "preload_dlls"):
        # it prints what it does not find, and stdout of `analyze` is reserved for messages
        with redirect_stdout(sys.stderr):
            ort.preload_dlls()
