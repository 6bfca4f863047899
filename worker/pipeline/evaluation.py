"""Accuracy of counts on labelled clips: how many are right, how far off, and why.

A labels file is a JSON list; each entry names its `clip` (or `file`), its exercise (`exerciseId`),
the count `reps` and, where more than one is defensible, `reps_accept`; a hold has `seconds_accept`.
Other keys are ignored.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from worker.contract.errors import JobError
from worker.contract.exercises import CATALOGUE, resolve_exercise
from worker.contract.message_parts import Rep
from worker.contract.messages import Counter, Entry, ExerciseSummary


@dataclass(frozen=True)
class Label:
    """Truth of one clip: `accept` are the counts that are right, the best first."""

    clip: str
    exercise: str
    accept: tuple[int, ...]
    view: str = ""
    subject: str = ""

    def off(self, count: int) -> int:
        """Distance of `count` from the nearest right one."""
        return min(abs(count - right) for right in self.accept)


@dataclass(frozen=True)
class Outcome:
    """Result of a labelled clip; `error` where the job gave no count."""

    label: Label
    count: int = 0
    history: tuple[Rep, ...] = ()
    error: str | None = None

    @property
    def off(self) -> int:
        """Distance of the count from the truth; of a failure the whole true count, at least 1."""
        return max(self.label.accept[0], 1) if self.error else self.label.off(self.count)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Reasons of the movements that were not counted."""
        return tuple(rep.reason for rep in self.history if rep.reason)


@dataclass(frozen=True)
class Figures:
    """Accuracy over clips: the shares `exact` and `within_one`, and `mae`, the mean of error by
    true count; `lost` and `invented` are repetitions."""

    clips: int
    exact: float
    within_one: float
    mae: float
    lost: int
    invented: int


def labels_of(path: Path) -> list[Label]:
    """The labels in a file: clips with a count, without jumps. Raises ValueError if malformed."""
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    labels = []
    for entry in entries:
        name, exercise = entry.get("clip") or entry.get("file"), entry.get("exerciseId")
        counts = entry.get("seconds_accept") or entry.get("reps_accept") or [entry.get("reps")]
        if not isinstance(name, str) or not exercise or None in counts:
            continue
        try:
            known = resolve_exercise(exercise)
        except JobError as error:
            raise ValueError(f"{path}: {name}: {error.message}") from error
        best = entry.get("reps")
        accept = sorted(map(int, counts), key=lambda count: count != best)
        labels.append(
            Label(name, known, tuple(accept), entry.get("view", ""), entry.get("subject", ""))
        )
    return [label for label in labels if CATALOGUE[label.exercise].kind != "jump"]


def outcome_of(label: Label, entries: Iterable[Entry]) -> Outcome:
    """The result of a labelled clip, from its job's messages."""
    count: int | None = None
    history: tuple[Rep, ...] = ()
    error: str | None = None
    for entry in entries:
        message = entry.message
        if isinstance(message, Counter) and message.final:
            count = message.current_count
        elif isinstance(message, ExerciseSummary):
            history = message.history
        elif getattr(message, "error", None):
            error = str(message.error)  # type: ignore[union-attr]
    if count is None:
        return Outcome(label, error=error or "no final count")
    return Outcome(label, count, history)


def figures_of(outcomes: Sequence[Outcome]) -> Figures:
    """The figures over `outcomes`, which must not be empty."""
    off = [outcome.off for outcome in outcomes]
    shares = [one.off / max(*one.label.accept, 1) for one in outcomes]
    total = len(outcomes)
    return Figures(
        clips=total,
        exact=sum(distance == 0 for distance in off) / total,
        within_one=sum(distance <= 1 for distance in off) / total,
        mae=sum(shares) / total,
        lost=sum(one.off for one in outcomes if one.count < min(one.label.accept)),
        invented=sum(one.off for one in outcomes if one.count > max(one.label.accept)),
    )


def by_exercise(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes by exercise id."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda one: one.label.exercise):
        groups.setdefault(outcome.label.exercise, []).append(outcome)
    return groups


def refusals_of(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Number of movements that were not counted by reason, the most frequent first."""
    return dict(Tally(reason for one in outcomes for reason in one.reasons).most_common())
