"""Which cycles are repetitions, and why the others are not.

A cycle counts that is large enough to be a repetition at all, and as large as half of this
subject's usual one. What the exercise's conditions say is asked of all cycles together: one
measure of one cycle may be wrong, the median over the clip is not.
"""

from __future__ import annotations

import math
from statistics import median

import numpy as np

from worker.contract.message_parts import RefusalReason
from worker.exercises.model import Condition, RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import NEAR, Cycle

LEAST = {"easy": 0.6, "normal": 1.0, "pro": 1.0}
"""The exercise's least range is multiplied by this."""

FULL = {"easy": 0.0, "normal": 0.0, "pro": 0.85}
"""Share of the exercise's full range that is asked for however far the subject goes otherwise."""

OWN = {"easy": 0.4, "normal": 0.5, "pro": 0.5}
"""Share of the subject's usual range."""

OPENING = 0.8
"""Share of the usual height at which a clip may begin that a repetition is counted whose way out
was not seen."""

RETURNED = 0.45
"""Share of the way out that must be seen to come back where the clip ends: about half."""

OUTLYING = 0.05
"""Share of a cycle's frames at both ends of a measure's range that do not speak against it."""

Span = tuple[int, int, int, bool]
"""Rows of a repetition's start, turn and end; whether the start pose is at its beginning, not at
its end."""

ROUND = 2
"""Frames to both sides of a moment that are looked at for a condition where it is not seen."""


def least_size(exercise: RepExercise, difficulty: str, usual: float) -> float:
    """Least size of a repetition where the subject's usual one is `usual`, in full repetitions."""
    return max(LEAST[difficulty] * exercise.least, OWN[difficulty] * usual, FULL[difficulty])


def size_reasons(
    exercise: RepExercise, cycles: list[Cycle], least: float
) -> list[RefusalReason | None]:
    """Why each of `cycles` is no repetition by its size, of which `least` is the least, and by what
    was seen of it; None where it is one."""
    heights = [cycle.peak for cycle in cycles if cycle.whole] or [c.peak for c in cycles]
    height = median(heights) if heights else 0.0
    return [_size_reason(exercise, one, least, height) for one in cycles]


def looks_like(exercise: RepExercise, spans: list[Span], measures: Floats, evidence: float) -> bool:
    """Whether repetitions are the exercise's, by all of them together; `evidence` is how many they
    are, a half for one that was not seen whole. `measures` [n, m] are those of the exercise's
    conditions and of what is typical of it, in this order, nan where they are not seen."""
    asked = len(exercise.conditions)
    return False not in fulfilled(exercise.conditions, spans, measures[:, :asked]) and _is_typical(
        exercise.typical, spans, measures[:, asked:], evidence
    )


def _size_reason(
    exercise: RepExercise, cycle: Cycle, least: float, height: float
) -> RefusalReason | None:
    out, back = cycle.out, cycle.back
    unseen: RefusalReason = "not_tracked" if cycle.lost else "cut_off"
    if max(out, back) < least:
        return "too_shallow"
    if exercise.counted == "turn" and out >= least and back >= NEAR * out:
        return None
    if cycle.opens and out < least:
        high = cycle.peak >= OPENING * height
        return None if high and exercise.counted == "return" else unseen
    if cycle.closes and back < RETURNED * out:
        return unseen
    if cycle.closes and out >= least:
        return None
    return None if cycle.size >= least else "incomplete"


def _is_typical(
    typical: tuple[Condition, ...], spans: list[Span], measures: Floats, evidence: float
) -> bool:
    """Whether repetitions show what is typical of the exercise: the fewer they are, `evidence`, a
    half for one that was not seen whole, the more they must. Where less than half of what is
    typical is seen, as from the side or without hands, it does not tell."""
    shown, seen = 0, 0
    for place, condition in enumerate(typical):
        holds = fulfilled((condition,), spans, measures[:, place : place + 1])
        shown, seen = shown + sum(holds), seen + len(holds)
        if (evidence + 1) * shown >= len(typical):
            return True
    return (evidence + 1) * shown >= seen or 2 * seen < len(typical)


def fulfilled(conditions: tuple[Condition, ...], spans: list[Span], measures: Floats) -> list[bool]:
    """Whether each of the `conditions` that are seen in half of the repetitions holds in their
    median; `measures` [n, m] are theirs."""
    found = []
    for condition, values in zip(conditions, measures.T, strict=True):
        known = [told for span in spans if (told := measured(condition, values, *span)) == told]
        if 2 * len(known) >= len(spans) > 0:
            found.append(condition.low <= median(known) <= condition.high)
    return found


def measured(
    condition: Condition, values: Floats, first: int, turn: int, last: int, begins: bool = True
) -> float:
    """What the condition looks at in `values` [n] of a cycle from row `first` over its `turn` to
    `last`; nan where it was not seen. `begins` says that the start pose is at its beginning, not at
    its end."""
    if condition.at == "range":
        rows = sorted(filter(math.isfinite, values[first : last + 1].tolist()))
        # a joint that jumps for a moment is no reason to refuse
        beyond = int(OUTLYING * len(rows)) if condition.high < math.inf else 0
        return rows[-1 - beyond] - rows[beyond] if 2 * len(rows) > last - first else math.nan
    row = turn
    if condition.at == "start":
        row = first if begins else last
    value: float = values.item(row)
    if math.isfinite(value):
        return value
    around = list(filter(math.isfinite, values[max(row - ROUND, 0) : row + ROUND + 1].tolist()))
    return float(np.mean(around)) if around else math.nan
