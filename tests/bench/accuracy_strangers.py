"""Strangers' clips against their labels, by exercise and by view, beside the prototype's counts.

The clips lie in `../shared/media/bench` (see its README) and are never committed. The rules and the
limits in `worker.exercises` were written while looking at them, so the figures are fitted ones; the
folds of the table are by subject and say how even they are.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.accuracy_poses import is_kept, log_path, messages_of
from tests.bench.cross_validation import NUMBERS, clips_of, folds_of, validated
from worker.pipeline.evaluation import (
    Figures,
    Label,
    Outcome,
    by_exercise,
    figures_of,
    labels_of,
    outcome_of,
    refusals_of,
)

BEFORE = "at 2f434a2: exact 0.776, within one 0.855, MAE 0.149 (152 clips with repetitions)"
"""What the state machine with gates did on the same poses."""


UNFITTED = (
    "*Numbers of other people*: each of the {count} numbers that decide counts, a common factor to "
    "the least sizes and a common shift of all limits are chosen anew for each fold, on the clips "
    "of the other four, in coarse grids from both their ends on; the middle of the values that do "
    "alike is taken (`python -m tests.bench.cross_validation`). The grids lie around the values in "
    "use; where an end was taken of values that do alike, with Lightning's poses beside these, it "
    "was exact 0.967, within one 0.980, MAE 0.018. Measures and rules were written with all clips "
    "in view, which this cannot undo."
)
"""How a figure comes about that is not fitted in the numbers."""

ALSO = (
    "All 161 clips, with holds and jumps, by five estimators (Thunder float on every frame with "
    "two trackers and at 15 frames a second, 8-bit Thunder, Lightning): exact 0.969, 0.975, 0.975, "
    "0.969, 0.944, not estimated anew. 84 clips of `../shared/form` (push-ups, squats, raises), "
    "counted by eye after older rules were written, most of the short ones taken for one "
    "repetition: 80 right by those rules and by today's, of which the failing ones were looked at."
)
"""Other poses, and other clips."""


def outcomes_of(folder: Path, say: Callable[[str], None]) -> list[Outcome]:
    """What the system counts of each labelled clip of a folder."""
    outcomes = []
    for label in labels_of(folder / "labels.json"):
        clip = folder / "clips" / label.clip
        if clip.is_file():
            outcomes.append(outcome_of(label, messages_of(clip, label.exercise)))
            say(f"{label.clip} {label.exercise}: {outcomes[-1].count}")
    return outcomes


def prototype_outcomes(folder: Path, program: Path) -> list[Outcome]:
    """The same of the prototype beside the clips, on the same kept poses."""
    spec = importlib.util.spec_from_file_location("prototype", program)
    if spec is None or spec.loader is None:
        return []
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outcomes = []
    for label in labels_of(folder / "labels.json"):
        clip = folder / "clips" / label.clip
        if not clip.is_file() or not is_kept(kept := log_path(clip, label.exercise)):
            continue
        count = module.count(label.exercise, *module.load(kept))
        if count is not None:
            outcomes.append(Outcome(label, count))
    return outcomes


def text_of(
    folder: Path,
    outcomes: Sequence[Outcome],
    prototype: Sequence[Outcome],
    unfitted: Sequence[Outcome],
) -> str:
    """The part of the report."""
    folds = folds_of(folder)
    parts = [
        "## Strangers' clips\n",
        f"{len(outcomes)} clips of `../shared/media/bench`, looked at while counting was written; "
        f"{BEFORE}. {UNFITTED.format(count=len(NUMBERS))} {ALSO}\n",
        "| | clips | exact | within one | MAE | lost | invented |\n|---|---|---|---|---|---|---|",
        _row("all", figures_of(outcomes)),
        _row("numbers of other people, without holds", figures_of(unfitted)),
    ]
    counted = [one for one in outcomes if one.label.clip in {p.label.clip for p in prototype}]
    if counted:
        parts.append(_row("of those the prototype counts", figures_of(counted)))
        parts.append(_row("prototype", figures_of(prototype)))
    for name, some in by_exercise(outcomes).items():
        parts.append(_row(name, figures_of(some)))
    for view, some in _grouped(outcomes, lambda label: _view(label.view)).items():
        parts.append(_row(f"view: {view}", figures_of(some)))
    for fold, some in _grouped(outcomes, lambda label: str(folds.get(label.clip))).items():
        parts.append(_row(f"fold {fold}", figures_of(some)))
    refused = ", ".join(f"{number} {reason}" for reason, number in refusals_of(outcomes).items())
    parts.append(f"\nMovements that were seen and not counted: {refused}.\n")
    return "\n".join(parts)


def _row(name: str, figures: Figures) -> str:
    return (
        f"| {name} | {figures.clips} | {figures.exact:.3f} | {figures.within_one:.3f} | "
        f"{figures.mae:.3f} | {figures.lost} | {figures.invented} |"
    )


def _grouped(outcomes: Sequence[Outcome], key: Callable[[Label], str]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda one: key(one.label)):
        groups.setdefault(key(outcome.label), []).append(outcome)
    return groups


def _view(view: str) -> str:
    """The first word of a label's view that says from where."""
    words = view.lower().replace(",", " ").replace("-", " ").split()
    known = ("front", "side", "rear", "diagonal", "overhead", "three")
    return next((word for word in words if word in known), "any").replace("three", "three-quarter")


def measured(shared: Path, say: Callable[[str], None]) -> str:
    """The part of the report; empty where there are no clips."""
    folder = shared / "media" / "bench"
    if not (folder / "labels.json").is_file():
        return ""
    outcomes = outcomes_of(folder, say)
    program = shared / "counting" / "prototype.py"
    prototype = prototype_outcomes(folder, program) if program.is_file() else []
    (unfitted,) = validated(clips_of(folder), say).values()
    return text_of(folder, outcomes, [replace(one, error=None) for one in prototype], unfitted)
