"""Processor time that a media second of strangers' clips takes, by what a job asks for, and counts.

In one process whose models are open, as in a worker. The clips lie in `../shared/media/bench`: the
first ones of each exercise.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import peers
from tests.bench.accuracy_poses import MODELS, ROOT
from tests.bench.context import Context
from tests.bench.measure import in_turns, spread
from tests.bench.report import Row, Section, row
from worker.contract.options import JobOptions, parse_options
from worker.contract.poses import decode_chunk
from worker.pipeline.evaluation import Label, labels_of, outcome_of
from worker.pipeline.local_job import LocalJob
from worker.pose.engine import PoseEngine

EACH = 2
"""Clips of an exercise, one in a quick run; some have one alone."""


@dataclass(frozen=True)
class Way:
    """A kind of job: its name in the table, its options, its aim."""

    name: str
    options: dict[str, str | bool]
    aim: str = ""


WAYS = (
    Way("counts, every frame (before)", {"sampling": "native"}),
    Way("counts", {}, aim="≤ 0.25"),
    Way("counts, `profile=balanced`", {"profile": "balanced"}),
    Way("counts, `profile=fast`", {"profile": "fast"}, aim="≤ 0.12"),
    Way("keypoints of every frame", {"keypoints": True}, aim="≤ 0.65"),
)


@dataclass(frozen=True)
class Ran:
    """One job: CPU-seconds and media seconds, frames that were estimated, off by how many."""

    cpu_s: float
    media_s: float
    frames: int = 0
    off: int = 0


def chosen(labels: Iterable[Label], each: int) -> list[Label]:
    """`each` clips of each exercise, in the order of their labels."""
    by_exercise = defaultdict[str, list[Label]](list)
    for label in labels:
        by_exercise[label.exercise].append(label)
    return [label for same in by_exercise.values() for label in same[:each]]


def measure(context: Context) -> Section:
    """The section `cost`."""
    shared = Path(os.environ.get("POSEQUEUE_SHARED", ROOT.parent / "shared"))
    folder = shared / "media" / "bench"
    each = 1 if context.quick else EACH
    labels = chosen(labels_of(folder / "labels.json"), each)
    engine = PoseEngine(MODELS, "cpu", 1)
    python = peers.installed()
    ran = defaultdict[str, list[Ran]](list)
    for number, label in enumerate(labels, 1):
        context.say(f"clip {number} of {len(labels)}: {label.exercise}")
        clip = folder / "clips" / label.clip
        runs = {way.name: partial(_job, clip, label, way, engine) for way in WAYS}
        runs["tutorial"] = partial(_tutorial, python, clip)
        for name, (one,) in in_turns(1, runs).items():
            ran[name].append(one)
    media_s = sum(one.media_s for one in ran[WAYS[0].name])
    return Section("cost", "Processor time of a media second", tuple(_rows(ran)), (
        f"{len(labels)} clips of ../shared/media/bench, {each} of each exercise at most, "
        f"{media_s:.0f} s of media, every kind of job on each before the next; median and range "
        "are of the clips, *all* is all seconds by all media. One thread, models open, decoding "
        "in it.",
        f"The tutorial counter: MediaPipe {peers.VERSION} of complexity 1 on every frame that "
        "OpenCV reads, an angle and two thresholds; its threads are in its time.",
    ))  # fmt: skip


def _rows(ran: dict[str, list[Ran]]) -> Iterable[Row]:
    theirs = _whole(ran["tutorial"])
    for way in WAYS:
        jobs = ran[way.name]
        unit = "CPU-s a media s"
        yield row(f"**{way.name}**", spread([j.cpu_s / j.media_s for j in jobs]), unit, way.aim, 3)
        rate = sum(j.frames for j in jobs) / sum(j.media_s for j in jobs)
        exact, near = (sum(j.off <= most for j in jobs) for most in (0, 1))
        yield Row("· all", f"{_whole(jobs):.3f} {unit}", f"{rate:.1f} frames/s", str(len(jobs)))
        yield Row("· counts right, within one", f"{exact}, {near} of {len(jobs)}")
        yield Row("· over the tutorial counter", f"{_whole(jobs) / theirs:.2f} x", "", "",
                  "≤ 0.7" if way.name == "counts" else "")  # fmt: skip
    yield Row("the tutorial counter, all", f"{theirs:.3f} CPU-s a media s")


def _whole(jobs: list[Ran]) -> float:
    return sum(job.cpu_s for job in jobs) / sum(job.media_s for job in jobs)


def _job(clip: Path, label: Label, way: Way, engine: PoseEngine) -> Ran:
    options: JobOptions = parse_options({"exercise": label.exercise, **way.options})
    began = _cpu_s()
    job = LocalJob(clip, options, lambda: engine)
    entries = list(job.messages())
    spent = _cpu_s() - began
    chunks = [decode_chunk(entry) for entry in job.log[1:-1]]
    off = outcome_of(label, entries).off
    return Ran(spent, float(chunks[-1].times_us[-1]) / 1e6, sum(map(len, chunks)), off)


def _cpu_s() -> float:
    """CPU-seconds of this process and of its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _tutorial(python: Path, clip: Path) -> Ran:
    script = Path(__file__).with_name("peers_tutorial.py")
    command = [str(python), str(script), str(clip)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Ran(**json.loads(said.splitlines()[-1]))
