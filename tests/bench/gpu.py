"""Jobs on a GPU beside what bounds them: writes the section `gpu` of RESULTS.md.

`python -m tests.bench.gpu` on a machine that has a GPU and `pip install .[worker,gpu,embedded,dev]`
and the models (`posequeue models install`), nothing else running. Jobs run by `--provider` and
`--precision`; all that there is (CUDA, TensorRT where its libraries are, float32 to float16, NVDEC)
is compared besides. Without a GPU it says so and does nothing. `--provider cpu` measures the CPU in
its place and writes nothing: it tries this program. Nothing of it has run on a GPU yet.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import get_args

from tests.bench import machine, report
from tests.bench.client import Client
from tests.bench.context import EXERCISE, ROOT, Context
from tests.bench.gpu_limits import together
from tests.bench.gpu_use import Use, gpu_names, watched
from tests.bench.gpu_ways import Way, calls, decoding, ways
from tests.bench.measure import spread
from tests.bench.report import Row, Section, row
from tests.bench.run import MEASURES, say
from worker.embedded.stack import System
from worker.media.probing.probe import probe
from worker.media.sandbox.limits import MediaLimits
from worker.observability.gpu_fallbacks import DRIVER
from worker.pose.inference.providers import Precision, tensorrt_version

NAME = "gpu"
JOBS = (1, 4, 16)
QUICK_CLIP = ROOT / "tests/clips/standing_5s.mp4"
MOST_FRAMES, QUICK_FRAMES = 300, 60
"""Of the clip, for the model calls alone and for the difference."""
AIM = 0.85
_TIMEOUT_S = 1800.0


@dataclass
class Runs:
    """Frames a second of several rounds with the same number of jobs, and their use."""

    whole: list[float] = field(default_factory=list)
    decode: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    use: list[Use] = field(default_factory=list)

    def shares(self) -> list[float]:
        """End to end over the slower of the two limits, by round."""
        limits = zip(self.whole, self.decode, self.calls, strict=True)
        return [whole / min(decode, calls) for whole, decode, calls in limits]


class Bench:
    """Everything that is measured; jobs go one way."""

    def __init__(self, context: Context, way: Way, jobs: tuple[int, ...]) -> None:
        self._context = context
        self._way = way
        self._jobs = jobs
        self._clip = QUICK_CLIP if context.quick else context.clip
        self._processes = min(max(jobs), machine.cores())
        self._most = QUICK_FRAMES if context.quick else MOST_FRAMES
        # of the whole clip where it is decoded alone: a start costs more in a short run
        media = probe(self._clip, MediaLimits())
        self._frames = round(media.fps * media.duration_ms / 1000)
        self._media_note = (
            f"Clip: `{self._clip.name}`, {media.width}x{media.height}, {media.fps:g} fps, "
            f"{media.duration_ms / 1000:.2f} s, {media.codec}."
        )

    def measure(self) -> Section:
        """The section `gpu`."""
        os.environ["POSEQUEUE_MODELS_DIR"] = str(self._context.models)
        os.environ["POSEQUEUE_ENGINES_DIR"] = str(self._context.scratch / "engines")
        rows = [*self._compared(), *self._whole(self._way, self._jobs)]
        if self._way.provider != "cpu":
            rows += self._whole(replace(self._way, nvdec="off"), self._jobs[-1:])
        device = "no GPU: the CPU, as a try"
        if self._way.provider != "cpu":
            device = "; ".join(gpu_names()) or "a GPU of which NVML tells nothing"
        notes = (
            f"Device: {device}. Jobs: {self._way}. TensorRT: {tensorrt_version() or 'not here'}.",
            self._media_note,
            "Decoding is ffmpeg's, one thread a process, to the size that poses are estimated at; "
            f"the model calls are those of the first {self._most} frames, recorded and repeated in "
            "their order. Both limits are of as many processes as work at the same time "
            f"({self._processes} at most), in the same round as the jobs. From the first request "
            "to the last `done`; uploads come before.",
        )
        title = "Jobs on a GPU beside decoding alone and the model calls alone"
        return Section(NAME, title, tuple(rows), notes)

    def _compared(self) -> Iterator[Row]:
        rounds = self._context.rounds(3)
        for way in ways(self._way.provider):
            yield from calls(self._clip, way, self._most, rounds)
        yield from decoding(self._clip, self._way, self._frames, self._processes, rounds)

    def _whole(self, way: Way, jobs: tuple[int, ...]) -> Iterator[Row]:
        """End to end, by a system whose workers go `way`."""
        os.environ.update(way.environment)
        runs = {count: Runs() for count in jobs}
        say(f"starting the system with {self._processes} worker processes, nvdec {way.nvdec}")
        folder = self._context.scratch / f"gpu-{way.nvdec}"
        with System(folder, processes=self._processes, say=lambda _line: None) as system:
            self._fill(system, runs, way)
        for count, done in runs.items():
            yield from self._rows(count, done, way)

    def _fill(self, system: System, runs: dict[int, Runs], way: Way) -> None:
        with Client(system) as client:
            upload = client.upload(self._clip)
            say("each process' first job")
            self._together(client, upload, 2 * self._processes)
            for number in range(self._context.rounds(3)):
                for count, done in runs.items():
                    say(f"round {number + 1}: {count} jobs, then their limits")
                    with watched(system.workers[0].pid) as use:
                        seconds = self._together(client, upload, count)
                    done.whole.append(count * self._frames / seconds)
                    done.use.append(use)
                    self._limits(count, done, way)

    def _limits(self, count: int, done: Runs, way: Way) -> None:
        busy = min(count, self._processes)
        for kind, runs, most in (
            ("decode", done.decode, self._frames),
            ("calls", done.calls, self._most),
        ):
            runs.append(together(kind, self._clip, way.environment, most, busy).rate)

    @staticmethod
    def _together(client: Client, upload: str, count: int) -> float:
        """Seconds of `count` jobs on an upload."""
        began = monotonic()
        for job_id in [client.create(upload, exercise=EXERCISE) for _ in range(count)]:
            client.finish(job_id, _TIMEOUT_S)
        return monotonic() - began

    def _rows(self, count: int, done: Runs, way: Way) -> Iterator[Row]:
        busy = min(count, self._processes)
        label = "1 job" if count == 1 else f"{count} jobs at once"
        label += ", NVDEC off" if way.nvdec == "off" else ""
        yield row(f"{label}, end to end", spread(done.whole), "frames/s", digits=0)
        yield row(f"· decoding alone, processes: {busy}", spread(done.decode), "frames/s", digits=0)
        yield row(
            f"· model calls alone, processes: {busy}", spread(done.calls), "frames/s", digits=0
        )
        share = spread(done.shares())
        yield row("· **end to end over the slower of the two**", share, "", f"≥ {AIM}", 3)
        yield row("· processors busy with the worker", spread([one.cores for one in done.use]), "")
        if busy_gpu := [value * 100 for one in done.use for value in one.gpu]:
            yield row("· GPU use, samples", spread(busy_gpu), "%", digits=0)
        sizes = [size / 2**20 for one in done.use for size in one.vram.values() if size]
        if sizes:
            yield row("· VRAM of a process, most", spread(sizes), "MiB", digits=0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu", description=__doc__)
    parser.add_argument("--provider", choices=("cuda", "tensorrt", "cpu"), default="cuda")
    parser.add_argument("--precision", choices=get_args(Precision), default="fp32")
    parser.add_argument("--quick", action="store_true", help="one job, one round, a short clip")
    parser.add_argument("--print", action="store_true", help="print, and leave RESULTS.md alone")
    return parser.parse_args()


def main() -> None:
    """Measures where there is a GPU."""
    asked = _arguments()
    if asked.provider != "cpu" and not DRIVER.exists():
        print(f"No GPU here ({DRIVER} is missing): nothing was measured.")
        return
    with tempfile.TemporaryDirectory(prefix="posequeue-bench-gpu-") as scratch:
        context = Context(Path(scratch), quick=asked.quick, say=say)
        way = Way(asked.provider, asked.precision)
        section = Bench(context, way, JOBS[:1] if asked.quick else JOBS).measure()
    text = report.text_of(section, machine.stamp() + (", quick" if asked.quick else ""))
    print(text, flush=True)
    if asked.provider != "cpu" and not asked.print:
        report.save({NAME: text}, machine.facts(), (*MEASURES, NAME))
        say(f"{NAME} written to {report.RESULTS.name}")


if __name__ == "__main__":
    main()
