"""The section `targets`: what was aimed at, beside what the other sections measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.report import Row

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Target:
    """A figure: its value in version 0.1, what is aimed at, and what limits it; its value now is
    what the `rows` of `section` say."""

    figure: str
    section: str
    rows: tuple[str, ...]
    before: str
    aim: str
    limits: str


_COST = "CPU-s a media second, "
_ACCEPTED = "accepted by one API process: idempotent create alone"
_ENDED = "to their end: run, streamed, told by webhook"

TARGETS = (
    Target(_COST + "default job, counts only", "cost", ("counts · all",), "0.55 - 0.97", "≤ 0.25",
           "float Thunder on 11 frames a second, the detector on 4; 8 bits and crops with less "
           "black cost right counts"),
    Target(_COST + "keypoints of every frame", "cost", ("keypoints of every frame · all",), "0.97",
           "≤ 0.65", "a MoveNet call a frame is four fifths of it"),
    Target(_COST + "`fast`, counts only", "cost", ("counts, `profile=fast` · all",), "", "≤ 0.12",
           "decoding and the detector, which Lightning shares with the others"),
    Target("counts right: every frame, default, `fast`", "cost",
           ("counts, every frame (before) · counts right, within one",
            "counts · counts right, within one",
            "counts, `profile=fast` · counts right, within one"), "", "not below every frame",
           "Lightning's joints are noisier: `fast` is no default"),
    Target("over the tutorial counter on the same clips", "cost",
           ("counts · over the tutorial counter",), "≈ 1.4 x", "≤ 0.7",
           "as the first row"),
    Target("frames a CPU-second over MediaPipe 0, 1, 2, and OKS", "peers",
           tuple(f"MediaPipe, complexity {level} · ours over theirs" for level in range(3)),
           "1.6, 1.2, 2.0 x", "≥ 2, 2, 3", "the models themselves"),
    Target("12 minutes, two workers over one", "segments", ("two over one",), "0.59", "≤ 0.55",
           "two inferences at once take 10 % more processor time each on shared caches"),
    Target("create: a job a process", "jobs", (f"{_ACCEPTED} · the API process", _ACCEPTED),
           "4.6 CPU-ms, 154 jobs/s", "≤ 2.5, 300", "clients share the two cores"),
    Target("re-analysis with keypoints and angles", "reanalysis",
           ("squat, keypoints and angles",), "337 - 415 x", "≥ 800",
           "two messages a frame are encoded, committed and read"),
    Target("image jobs to their end", "jobs", ("image jobs, submit to `done`",), "8.4 jobs/s",
           "≥ 15", "the job's calls of detector and MoveNet, and the drawn overlay"),
    Target("`analyze` of one frame", "analyze", ("start-up: the same on one frame",), "0.98 CPU-s",
           "≤ 0.8", "imports and the models' sessions"),
    Target("overlay export over plain transcode, start-up apart", "export",
           ("export / plain, start-up apart",), "1.23", "≤ 1.05",
           "the drawn skeleton alone costs the encoder 6 % (the next row has the same picture)"),
    Target("· over a plain transcode of the drawn video", "export",
           ("export / plain transcode of the drawn video",), "1.16", "",
           "drawing: strokes 4 %, panel 2 %, analysis 1 %"),
    Target("a crowd's jobs accepted", "crowd", ("accepted",), "", "200 jobs/s",
           "clients and servers share two cores"),
    Target("a crowd's jobs to their end", "crowd", (_ENDED, f"{_ENDED} · workers"), "",
           "1,000 jobs/s", "the workers' share is the largest"),
    Target("frames a second of a GPU", "gpu", (), "", "≥ 2,000", "none was lent"),
)  # fmt: skip


def table(found: Mapping[str, Mapping[str, Row]]) -> str:
    """The section in Markdown, of the rows that `report.figures` gives."""
    lines = [
        "## Cost and scale: what was aimed at",
        "",
        "| figure | before | now | aim | what limits it, what was tried |",
        "|---|---|---|---|---|",
    ]
    for target in TARGETS:
        rows = [found.get(target.section, {}).get(what) for what in target.rows]
        now = "; ".join(row.value for row in rows if row) or NOT_MEASURED
        lines.append(
            f"| {target.figure} | {target.before} | {now} | {target.aim} | {target.limits} |"
        )
    lines += ["", "Now: from the sections below. Before: version 0.1, where it was measured.", ""]
    return "\n".join(lines)
