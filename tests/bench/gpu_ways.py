"""Ways to use a GPU, one beside the other: providers, precisions, NVDEC or software."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from tests.bench.gpu_limits import difference, together
from tests.bench.gpu_use import Use, watched
from tests.bench.measure import spread
from tests.bench.report import Row, row
from tests.bench.run import say
from worker.media.decoding import nvdec
from worker.pose.inference.providers import Precision, Provider, tensorrt_version


@dataclass(frozen=True)
class Way:
    """How models are run and videos decoded."""

    provider: Provider = "cuda"
    precision: Precision = "fp32"
    nvdec: str = "auto"

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings that say it."""
        return {
            "POSEQUEUE_PROVIDER": self.provider,
            "POSEQUEUE_GPU_PRECISION": self.precision,
            nvdec.SETTING: self.nvdec,
        }

    def __str__(self) -> str:
        return "cpu" if self.provider == "cpu" else f"{self.provider}, {self.precision}"


def ways(provider: Provider) -> list[Way]:
    """All that can be compared here; without a GPU the CPU alone, as a try."""
    if provider == "cpu":
        return [Way("cpu")]
    providers: list[Provider] = ["cuda"]
    if tensorrt_version() is not None:
        providers.append("tensorrt")
    return [Way(one, precision) for one in providers for precision in get_args(Precision)
            if (one, precision) != ("tensorrt", "tf32")]  # fmt: skip


def calls(clip: Path, way: Way, frames: int, rounds: int) -> Iterator[Row]:
    """Model calls alone in one process, the memory they hold, and how far off the CPU's poses."""
    say(f"model calls alone: {way}")
    speeds, uses = list[float](), list[Use]()
    for _ in range(rounds):
        with watched(os.getpgid(0)) as use:
            done = together("calls", clip, way.environment, frames, 1)
        speeds.append(done.rate)
        uses.append(use)
    # what runs them in truth stands beside what was asked for
    yield row(f"**{way}**: model calls alone ({done.by})", spread(speeds), "frames/s", digits=0)
    peaks = [max(use.vram.values()) / 2**20 for use in uses if any(use.vram.values())]
    if peaks:
        yield row("· VRAM of the process, most", spread(peaks), "MiB", digits=0)
    found = difference(clip, way.environment, frames)
    count = str(found["frames"])
    yield Row(
        "· greatest distance of a joint from the CPU's", f"{found['pixels']:.2f} px", "", count
    )
    yield Row("· OKS of the poses against the CPU's, mean", f"{found['mean']:.4f}",
              f"from {found['least']:.4f}", count)  # fmt: skip


def decoding(clip: Path, way: Way, frames: int, processes: int, rounds: int) -> Iterator[Row]:
    """Decoding alone, in software and on the GPU."""
    for mode in ("off",) if way.provider == "cpu" else ("off", "auto"):
        setting = {**way.environment, nvdec.SETTING: mode}
        say(f"decoding alone: nvdec {mode}")
        speeds, cores = list[float](), list[float]()
        for _ in range(rounds):
            with watched(os.getpgid(0)) as use:
                done = together("decode", clip, setting, frames, processes)
            speeds.append(done.rate)
            cores.append(use.cores)
        label = f"decoding alone by {done.by}, processes: {processes}"
        yield row(label, spread(speeds), "frames/s", digits=0)
        yield row("· processors busy, starts included", spread(cores), "")
