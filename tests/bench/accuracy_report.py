"""ACCURACY.md: the protocol, the figures over all cases, and every case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.bench.accuracy_grid import GridFigures
from tests.bench.accuracy_judge import Verdict

REPORT = Path(__file__).parent / "ACCURACY.md"

PROTOCOL = """# Measured by `make accuracy`

Each clip goes through the whole pipeline (decoding, detector, pose model, motion room) with the
exercise alone as an option, at `difficulty` normal. What is compared is the last `counter`
(`final`), for jumps the `jump_summary`. Poses are kept by the clip's sha-256 and the model's name
under `.posequeue/accuracy`; the motion room always runs anew (`--fresh` estimates anew too).

- **exact**: the count is one of the counts that are right (a clip that begins or ends inside a
  rep has more than one). **off by one**: at most 1 away from one of those.
- **MAE**: mean of |count - truth| / truth, as in RepCount (Hu et al. 2022, TransRAC), over clips
  with a rep; **|count - truth|** the same without the division.
- **hold error**: counted seconds less the labelled ones; right within 1.5 s.
- **jump error**: measured less true height in cm; bias is its mean, limits of agreement are bias
  +- 1.96 standard deviations (Bland and Altman 1986), given from three jumps on. Real jumps are
  right inside the labelled interval; jumps of our own make within 2 cm of the flight's height
  (`air_time_jump`), within 5 % of the rise of the hips over standing (`jump_analysis`).
- A broken file is right when the job fails with a code that says why; an empty scene when the
  job succeeds with 0 and `no_person_detected`; standing, walking and a sit-up when it counts 0
  without an error.
- The clip of 12 minutes is looked at with `--long` alone. `rot90_tag_only_person_sideways` is
  kept among the variants: its tag lays the person on the side.
- *development* clips show real people and were looked at while the counting was written: their
  figures are no evidence of accuracy on others. *squat5 variants* are one clip in many
  encodings. *shipped* clips show two synthetic bodies in one clean room, with exact truth.
  The *grid* is kinematic: 17 keypoints with noise and dropouts, no picture.

Published class-agnostic counters stand at off-by-one 0.56 and MAE 0.21 on RepCount.
"""


def text_of(verdicts: Sequence[Verdict], grid: GridFigures | None, stamp: str) -> str:
    """The report; `stamp` says when and on what."""
    groups = list(dict.fromkeys(verdict.case.group for verdict in verdicts))
    parts = [PROTOCOL, "## Figures\n", _figures(verdicts, groups)]
    if grid is not None:
        parts.append(grid.text())
    for group in groups:
        own = [verdict for verdict in verdicts if verdict.case.group == group]
        parts += [f"## {group.capitalize()}\n", _table(own)]
    wrong = sum(not verdict.ok for verdict in verdicts)
    parts.append(f"_{len(verdicts)} cases, {wrong} not right. {stamp}_\n")
    return "\n".join(parts)


def put(name: str, part: str) -> None:
    """Puts a part into the report between its marks, in the place of the one of before."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    marked = f"{begin}{part}{end}"
    text, found = re.subn(f"{begin}.*?{end}", lambda _: marked, REPORT.read_text(), flags=re.DOTALL)
    if not found:
        text = text.replace("## Athlete grid\n", f"{marked}\n## Athlete grid\n", 1)
    REPORT.write_text(text)


def _figures(verdicts: Sequence[Verdict], groups: Sequence[str]) -> str:
    lines = [
        "| | right | reps: clips | exact | off by one | MAE | \\|count - truth\\| | hold error, s |"
        " jump error, cm |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(group, [v for v in verdicts if v.case.group == group]) for group in groups]
    lines.append(_row("all", verdicts))
    return "\n".join(lines) + "\n"


def _row(name: str, verdicts: Sequence[Verdict]) -> str:
    right = f"{sum(v.ok for v in verdicts)}/{len(verdicts)}"
    reps = [v for v in verdicts if v.case.kind == "reps"]
    cells = [name, right, str(len(reps) or "")]
    if reps:
        errors = np.array([v.error for v in reps])
        truths = np.array([_nearest(v) for v in reps])
        cells += [
            f"{(errors == 0).mean():.3f}", f"{(errors <= 1).mean():.3f}",
            f"{(errors / truths).mean():.3f}", f"{errors.mean():.2f}",
        ]  # fmt: skip
    else:
        cells += [""] * 4
    holds = [(v.count or 0) - v.case.seconds for v in verdicts if v.case.kind == "hold"]
    cells.append(", ".join(f"{error:+.1f}" for error in holds))
    cells.append(_agreement(verdicts))
    return f"| {' | '.join(cells)} |"


def _nearest(verdict: Verdict) -> int:
    count = verdict.count or 0
    return min(verdict.case.accept, key=lambda right: abs(count - right))


def _agreement(verdicts: Sequence[Verdict]) -> str:
    jumps = [v for v in verdicts if v.case.kind == "jump"]
    # with a jump too few or too many it is not known which is which
    matched = [v for v in jumps if len(v.heights_cm) == len(v.case.true_cm)]
    errors = [
        height - true
        for verdict in matched
        for height, true in zip(verdict.heights_cm, verdict.case.true_cm, strict=True)
    ]
    text = agreement(np.array(errors)) if errors else ""
    lost = len(jumps) - len(matched)
    return f"{text}{f'; {lost} not all found' if lost else ''}".lstrip("; ")


def agreement(errors: np.ndarray) -> str:
    """Bias and limits of agreement of errors [n] in cm, as text."""
    bias = f"bias {errors.mean():+.2f}"
    if len(errors) < 3:
        return f"{bias} (n {len(errors)})"
    spread = 1.96 * errors.std(ddof=1)
    low, high = errors.mean() - spread, errors.mean() + spread
    return f"{bias}, limits {low:+.2f} to {high:+.2f} (n {len(errors)})"


def _table(verdicts: Sequence[Verdict]) -> str:
    lines = ["| clip | exercise | truth | said | ok |", "|---|---|---|---|---|"]
    for verdict in verdicts:
        case = verdict.case
        mark = "yes" if verdict.ok else "**no**"
        lines.append(
            f"| {case.clip.name} | {case.exercise} | {case.truth} | {verdict.said} | {mark} |"
        )
    return "\n".join(lines) + "\n"
