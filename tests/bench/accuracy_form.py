"""Form, measured: does a bad rep of a stranger score below a good one, and by how much?

`python -m tests.bench.accuracy_form [--poses FOLDER]` from the project's root prints the part
`form` of ACCURACY.md. Truth is `shared/form` (see its README.md): clips and joint sequences of
reps done well or with a fault that was seen by eye, and frames of poses that were held. Subjects
are split in halves by a hash of their name. `--poses` holds `<clip>.poses` logs to be used in place
of estimating.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy_poses import ROOT, messages_of
from worker.contract.media import MediaInfo
from worker.contract.message_parts import Rep
from worker.contract.messages import Entry, ExerciseSummary
from worker.contract.options import JobOptions
from worker.contract.pose_log import END, split_log
from worker.contract.poses import Environment, LogHead, PoseChunk, decode_chunk, decode_head
from worker.exercises import EXERCISES
from worker.motion.analysis import Analysis
from worker.motion.features.body_segments import Body
from worker.motion.form import RepFrames
from worker.motion.form.criteria import CRITERIA
from worker.motion.form.criterion import Criterion, Judged, judged
from worker.motion.form.score import combined

SHARED = Path(os.environ.get("POSEQUEUE_SHARED", ROOT.parent / "shared"))

UNUSED = {"variant", "unclear", "back_round"}
"""Marks of clips that show another exercise, no fault, or one that 17 joints do not show."""

ENOUGH = 5
"""Bad and good reps at least for a figure that says something."""

SEQUENCES = {
    "bicep": ("bicep_curl", "upper_arm_drift"),
    "frontraise": ("front_raise", "swing"),
    "shoulderpress": ("shoulder_press", "back"),
}
"""Of the names of `sequences.npz`: exercise and fault."""

_LINE = ("hips_low", "hips_high")

TABLES = (
    ("plank_nqb", "plank", _LINE, {"C": "", "L": "hips_low", "H": "hips_high"}),
    ("plank_tht", "plank", (*_LINE, "arms_upright"), {"C": "", "W": "unnamed"}),
    ("pushup_tht", "push_up", _LINE, {"C": "", "W": "unnamed"}),
    ("lunge_nqb", "lunge", ("knee_ahead_of_ankle",), {"C": "", "L": "knee_ahead_of_ankle"}),
    ("bicep_nqb", "bicep_curl", ("lean_back",), {"C": "", "L": "lean_back"}),
)
"""Frames: table, exercise, the criteria that single frames show, and what a label means."""

PROTOCOL = """## Form

Good and bad reps of strangers: share of pairs of a good and a bad rep in which the good one scores
higher (AUC, 0.5 is blind), over all subjects and by halves of them (a hash of the subject's name);
medians, and the share of reps with 95 and more. Counted reps alone, every attempt where none
counts. *frames* are labelled single frames, judged by the criteria that one frame shows. *(few)*:
fewer than five good or bad ones. *unnamed*: frames called wrong without a reason; of those of
`pushup_tht` a third differ from right ones in no measure of the joints (hips, knees, trunk, arms,
head: AUC 0.4-0.6), so that 0.8 is about all they let tell. What is good in a criterion is what
three quarters of these good reps and those of the counting clips reach, so their figures are no
evidence on others; what is bad is anatomy or the middle of the faulty reps. The good lateral raise
goes 30 degrees over level, which is a minor fault.
"""

REFITTED = """The same with what is good in each criterion taken anew from the good reps of one half
of the subjects, as three quarters of them reach it, and judged on the other half:
"""

WIDE = 16 / 9
"""Width by height of the pictures whose sizes the tables' x and y are shares of. Those named `_tht`
are said to be in metres; but trunks are 0.15 long there, and as 16:9 pictures upper arms are 1.1
forearms long whichever way they point, and bodies in push-ups slope by 18 degrees (29 otherwise).
"""


@dataclass(frozen=True)
class Scored:
    """One rep with its truth: `faults` is empty for a good one; `values` of what was judged, by
    criterion, are of whole reps alone."""

    exercise: str
    subject: str
    faults: tuple[str, ...]
    score: float
    values: tuple[tuple[str, float], ...] = ()

    @property
    def half(self) -> str:
        """Which half of the subjects it is of."""
        return "ab"[hashlib.sha256(self.subject.encode()).digest()[0] % 2]


def auc(good: Sequence[float], bad: Sequence[float]) -> float:
    """Share of pairs of a good and a bad rep in which the good one scores higher, ties half."""
    above = np.sign(np.subtract.outer(np.asarray(good), np.asarray(bad)))
    return float((0.5 + 0.5 * above).mean())


def clips(shared: Path, poses: Path | None) -> Iterable[Scored]:
    """The reps of every labelled clip that the system found."""
    for label in json.loads((shared / "form" / "labels.json").read_text()):
        faults = tuple(str(label["fault"]).split(",")) if label["fault"] else ()
        if UNUSED & set(faults) or label["exercise"] not in EXERCISES:
            continue
        for rep in _history(_messages(shared, label, poses)):
            if _inside(label["note"], label["subject"], rep):
                yield _scored(label["exercise"], label["subject"], faults, rep)


def _scored(exercise: str, subject: str, faults: tuple[str, ...], rep: Rep) -> Scored:
    found = [(one.name, one.value) for one in rep.criteria or () if one.value is not None]
    return Scored(exercise, subject, faults, rep.formScore, tuple(found))


def _messages(shared: Path, label: dict[str, str], poses: Path | None) -> list[Entry]:
    kept = poses / f"{label['clip']}.poses" if poses else None
    if kept is not None and kept.is_file():
        entries = [entry for entry in split_log(kept.read_bytes()) if entry != END]
        chunks = [decode_chunk(entry) for entry in entries[1:]]
        return _analysed(decode_head(entries[0]), chunks, label["exercise"])
    return messages_of(shared / "form" / "clips" / label["clip"], label["exercise"])


def _inside(note: str, subject: str, rep: Rep) -> bool:
    """Whether the rep is in the part of its clip that the label is about."""
    if subject == "isil-left":
        return rep.startMs >= 6800
    if subject == "isil-right":
        return rep.startMs < 7000
    return "starts after 1.2 s" not in note or rep.startMs >= 900


def sequences(shared: Path) -> Iterable[Scored]:
    """The reps of every joint sequence, 30 frames a second."""
    table = np.load(shared / "form" / "sequences.npz")
    for name in table.files:
        known = next((SEQUENCES[key] for key in SEQUENCES if key in name), None)
        if known is None or known[0] not in EXERCISES:
            continue
        joints = table[name].astype(np.float32)
        chunk = PoseChunk(
            index=0,
            first=0,
            times_us=(np.arange(len(joints)) * 1e6 / 30).astype(np.int64),
            keypoints=joints,
            boxes=np.zeros((len(joints), 4), np.float32),
        )
        faults = () if "good" in name else (known[1],)
        for rep in _history(_analysed(_head(len(joints)), [chunk], known[0])):
            yield _scored(known[0], name, faults, rep)


def _head(frames: int) -> LogHead:
    media = MediaInfo(
        kind="video", duration_ms=1000.0 * frames / 30, width=1920, height=1080, fps=30.0
    )
    environment = Environment(
        execution_provider="CPUExecutionProvider", device="cpu", model="openpose", gpu=False
    )
    return LogHead(media=media, environment=environment)


def _analysed(head: LogHead, chunks: list[PoseChunk], exercise: str) -> list[Entry]:
    analysis = Analysis(head, JobOptions(exercise=exercise))
    return [*analysis.start(), *analysis.feed(*chunks), *analysis.finish()]


def _history(entries: list[Entry]) -> tuple[Rep, ...]:
    """The counted reps; every attempt where none counts, as of a rep that is too shallow."""
    summaries = [e.message for e in entries if isinstance(e.message, ExerciseSummary)]
    history = summaries[-1].history if summaries else ()
    return tuple(rep for rep in history if rep.counted) or history


def frames(shared: Path) -> Iterable[Scored]:
    """Each labelled frame, by the criteria that a single frame shows."""
    table = np.load(shared / "form" / "tables.npz")
    for name, exercise, criteria, meaning in TABLES:
        for joints, label in zip(table[name], table[f"{name}_label"], strict=True):
            faults = (meaning[str(label)],) if meaning[str(label)] else ()
            score = _frame_score(exercise, criteria, joints.astype(np.float64))
            if score is not None:
                yield Scored(f"{exercise} frames ({name})", name, faults, score)


def _frame_score(
    exercise: str, criteria: tuple[str, ...], joints: NDArray[np.float64]
) -> float | None:
    known = np.nan_to_num(joints)[None]
    body = Body(x=known[..., 0] * WIDE, y=known[..., 1], score=known[..., 2])
    rep = RepFrames(seconds=np.zeros(1), body=body, progress=np.ones(1), turn=0)
    found = [judged(one, rep) for one in CRITERIA[exercise] if one.name in criteria]
    return combined(found) if any(one.points is not None for one in found) else None


def text_of(reps: Sequence[Scored]) -> str:
    """The part of the report: a row for each exercise and fault."""
    lines = [
        "| exercise | fault | good | bad | AUC | half a | half b | median good | median bad |"
        " good >= 95 | bad >= 95 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for exercise in sorted({rep.exercise for rep in reps}):
        own = [rep for rep in reps if rep.exercise == exercise]
        good = [rep for rep in own if not rep.faults]
        kinds = sorted({fault for rep in own for fault in rep.faults})
        for fault in ("any", *kinds):
            bad = [rep for rep in own if rep.faults and (fault == "any" or fault in rep.faults)]
            if good and bad:
                lines.append(_row(exercise, fault, good, bad))
    return "\n".join(lines) + "\n"


def _row(exercise: str, fault: str, good: list[Scored], bad: list[Scored]) -> str:
    scores = [[rep.score for rep in some] for some in (good, bad)]
    halves = [_figure(good, bad, half) for half in "ab"]
    medians = [f"{float(np.median(some)):.0f}" for some in scores]
    high = [f"{float(np.mean(np.asarray(some) >= 95)):.2f}" for some in scores]
    few = "" if min(map(len, scores)) >= ENOUGH else " (few)"
    cells = [exercise, fault + few, *(str(len(some)) for some in scores)]
    cells += [f"{auc(*scores):.2f}", *halves, *medians, *high]
    return f"| {' | '.join(cells)} |"


def _figure(good: list[Scored], bad: list[Scored], half: str) -> str:
    scores = [[rep.score for rep in some if rep.half == half] for some in (good, bad)]
    return f"{auc(*scores):.2f}" if all(scores) else "-"


def refitted_text(reps: Sequence[Scored]) -> str:
    """Rows of each exercise whose good values were taken from one half, judged on the other."""
    lines = ["| exercise | chosen on | good | bad | AUC | median good | median bad |"]
    lines.append("|---|---|---|---|---|---|---|")
    for exercise in sorted({rep.exercise for rep in reps if rep.values}):
        own = [rep for rep in reps if rep.exercise == exercise]
        for half in "ab":
            scale = _scale_of([rep for rep in own if rep.half == half and not rep.faults], exercise)
            others = [(rep, _rescored(rep, scale)) for rep in own if rep.half != half]
            good = [score for rep, score in others if not rep.faults]
            bad = [score for rep, score in others if rep.faults]
            if good and bad:
                few = "" if min(len(good), len(bad)) >= ENOUGH else " (few)"
                medians = f"{np.median(good):.0f} | {np.median(bad):.0f}"
                counts = f"{len(good)} | {len(bad)} | {auc(good, bad):.2f}"
                lines.append(f"| {exercise} | {half}{few} | {counts} | {medians} |")
    return "\n".join(lines) + "\n"


def _scale_of(good: Sequence[Scored], exercise: str) -> dict[str, Criterion]:
    """The exercise's criteria with what three quarters of these reps reach for good."""
    scale = {}
    for one in CRITERIA[exercise]:
        found = [value for rep in good for name, value in rep.values if name == one.name]
        reached = 0.75 if one.good < one.bad else 0.25
        good_value = float(np.quantile(found, reached)) if len(found) >= 3 else one.good
        # a criterion that they all fail, or nearly, has no scale
        share = (good_value - one.bad) / (one.good - one.bad)
        scale[one.name] = replace(one, good=good_value) if share > 0.2 else one
    return scale


def _rescored(rep: Scored, scale: dict[str, Criterion]) -> float:
    found = dict(rep.values)
    return combined(
        Judged(one, found.get(name), one.points(found[name]) if name in found else None)
        for name, one in scale.items()
    )


def measure(shared: Path, poses: Path | None = None) -> str:
    """The part of the report, measured now."""
    found = [*clips(shared, poses), *sequences(shared), *frames(shared)]
    return f"{PROTOCOL}\n{text_of(found)}\n{REFITTED}\n{refitted_text(found)}"


def main() -> None:
    """Prints the part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--poses", type=Path)
    print(measure(SHARED, parser.parse_args().poses))


if __name__ == "__main__":
    main()
