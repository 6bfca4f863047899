"""Cycles by frame numbers and seconds, and which of them count by all of them together."""

from __future__ import annotations

from bisect import bisect_left
from statistics import median
from typing import NamedTuple

import numpy as np

from worker.contract.message_parts import RefusalReason
from worker.exercises.model import RepExercise
from worker.motion.reps.cycles import Cycle
from worker.motion.reps.judgement import looks_like
from worker.motion.reps.rhythm import FASTEST
from worker.motion.reps.signals import Rows

SEVERAL = 5
"""Repetitions from which one is told by being unlike the others."""

TWIN = 0.5
"""Share of the shorter movement that two sides have in common where they do one repetition: in turn
one comes down while the other goes up, in less."""

TEMPO = 2.5
"""Factor between a repetition's time and the usual one: of 2,400 repetitions that are counted
right in the bench the shortest one takes 0.42 of it, the longest 2.4 times. What takes less is a
jerk."""

INTO_PLACE = 2.2
"""Times of the others' that a first movement takes where it is the way into place, by twice its way
back where its way out was not seen: first repetitions of the bench take 2.05 at most, ways into
place 2.25 and more. Chosen on four folds of its subjects it is 2.2 to 2.6."""

BACK = 0.9
"""Share of the way out after which a movement that may go on has surely come back."""


class Attempt(NamedTuple):
    """A cycle by frame numbers and seconds: where the movement starts, turns and ends; `size` in
    full repetitions; the `side` (0 left, 1 right) that did it, None where they are not told apart;
    `stature` is the subject's, in frame heights;
    `shown` are the first and the last of its frames around the turn that show the subject in one
    size; `whole` says that its beginning and end were seen, and `begins` that the start pose is
    at its beginning rather than at its end. It counts where there is no `reason`.
    """

    first: int
    turn: int
    last: int
    start_s: float
    turn_s: float
    end_s: float
    size: float
    stature: float
    shown: tuple[int, int]
    side: int | None
    whole: bool
    begins: bool
    reason: RefusalReason | None = None


def attempts_of(
    rows: Rows, side: int | None, cycles: list[Cycle], reasons: list[RefusalReason | None]
) -> list[Attempt]:
    """The `cycles` of one `side`, which do not count for `reasons`."""
    seconds = rows.seconds.item
    changes = np.flatnonzero(np.diff(rows.scale) != 0).tolist()
    return [
        Attempt(
            first=rows.first + cycle.start,
            turn=rows.first + cycle.turn,
            last=rows.first + cycle.end,
            start_s=seconds(cycle.start),
            turn_s=seconds(cycle.turn),
            end_s=seconds(cycle.end),
            size=cycle.size if cycle.whole else max(cycle.out, cycle.back),
            stature=rows.size / rows.scale.item(cycle.turn),
            shown=_shown(rows.first, cycle, changes),
            side=side,
            whole=cycle.whole
            and not cycle.opens
            and (not cycle.closes or cycle.back >= BACK * cycle.out),
            begins=cycle.out >= cycle.back,
            reason=reason,
        )
        for cycle, reason in zip(cycles, reasons, strict=True)
    ]


def _shown(offset: int, cycle: Cycle, changes: list[int]) -> tuple[int, int]:
    """First and last frame of a cycle around its turn that are in the turn's scale, which changes
    behind the rows `changes`."""
    place = bisect_left(changes, cycle.turn)
    first = max(cycle.start, changes[place - 1] + 1) if place else cycle.start
    last = min(cycle.end, changes[place]) if place < len(changes) else cycle.end
    return offset + first, offset + last


def without_twins(attempts: list[Attempt]) -> list[Attempt]:
    """Both sides' attempts at the same time are one: one that counts rather than one that does not,
    and the longer one; a side that is seen badly falls to pieces."""
    kept: list[Attempt] = []
    for attempt in sorted(attempts, key=_worth, reverse=True):
        near = [
            place
            for place, one in enumerate(kept)
            if one.start_s < attempt.end_s and attempt.start_s < one.end_s
        ]
        twin = next((place for place in near if twins(kept[place], attempt)), None)
        if twin is None:
            kept.append(attempt)
        else:
            kept[twin] = kept[twin]._replace(side=None)
    return kept


def without_odd_tempo(attempts: list[Attempt]) -> list[Attempt]:
    """The attempts, in order, those refused that take another time than the others."""
    right = [place for place, one in enumerate(attempts) if one.reason is None]
    lasts = [attempts[place].end_s - attempts[place].start_s for place in right]
    shortest = max(median(lasts) / TEMPO, FASTEST) if lasts else 0.0
    other = {place for place, last in zip(right, lasts, strict=True) if last < shortest}
    if len(right) >= SEVERAL:
        first = attempts[right[0]]
        lasted = lasts[0] if first.whole else 2 * (first.end_s - first.turn_s)
        if lasted > INTO_PLACE * median(lasts[1:]):
            other.add(right[0])
    return [
        one._replace(reason="other_movement") if place in other else one
        for place, one in enumerate(attempts)
    ]


def of_exercise(exercise: RepExercise, rows: Rows, attempts: list[Attempt]) -> list[Attempt]:
    """The attempts, all refused where those that would count are another movement. Where some are
    large enough at any difficulty, these alone tell: what is asked for less refuses nothing."""
    right = [one for one in attempts if one.reason is None]
    right = [one for one in right if one.size >= exercise.least] or right
    spans = [
        (one.first - rows.first, one.turn - rows.first, one.last - rows.first, one.begins)
        for one in right
    ]
    evidence = sum(1.0 if one.whole else 0.5 for one in right)
    if looks_like(exercise, spans, rows.measures, evidence):
        return attempts
    return [one._replace(reason=one.reason or "other_movement") for one in attempts]


def _worth(attempt: Attempt) -> tuple[bool, float, int]:
    return attempt.reason is None, attempt.end_s - attempt.start_s, -(attempt.side or 0)


def twins(one: Attempt, other: Attempt) -> bool:
    """Whether two attempts of different sides are one repetition of both."""
    common = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    shorter = min(one.end_s - one.start_s, other.end_s - other.start_s)
    return one.side != other.side and common >= TWIN * shorter
