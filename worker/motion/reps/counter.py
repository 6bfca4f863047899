"""Counts the repetitions in a window of rows: calibration, curve, cycles, verdicts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

import numpy as np

from worker.contract.message_parts import RefusalReason
from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.features.measures import is_height
from worker.motion.reps.cycles import LEAST, Cycle, Turns, usual_size
from worker.motion.reps.fusion import Calibration, calibrated, rest_level, steadied
from worker.motion.reps.judgement import Verdict, judge, least_size, looks_like, without
from worker.motion.reps.rhythm import FASTEST, in_time
from worker.motion.reps.signals import Rows

TWIN = 0.5
"""Share of the shorter movement that two sides have in common where they do one repetition: in turn
one comes down while the other goes up, in less."""

TOGETHER = 0.5
"""Correlation of both sides' curves from which they move together (0.53 and more in the bench where
they do, 0.34 at most where not)."""

STRAY = 0.5
"""Full repetitions by which a signal strays, where a clip begins, in another posture than that of
the repetitions: the way into place."""

FAR, UNLIKE, SEVERAL = 1.0, 3.0, 5
"""The same amid the clip, which must be so many times the usual, of so many repetitions at least:
jumps with the arms alone among jumping jacks."""

TEMPO = 2.5
"""Factor between a repetition's time and the usual one: of 2,400 repetitions that are counted
right in the bench the shortest one takes 0.42 of it, the longest 2.4 times. What takes less is a
jerk."""

INTO_PLACE = 2.2
"""Times of the others' that a first movement takes where it is the way into place, by twice its way
back where its way out was not seen: first repetitions of the bench take 2.05 at most, ways into
place 2.25 and more."""

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


@dataclass(frozen=True)
class Side:
    """A curve and what tells it: the `side` whose signals it is made of, None for both; their
    calibration, the curve's rest level, the curve [n] above it, where it turns and its cycles."""

    side: int | None
    calibration: Calibration
    rest: float
    curve: Floats
    turns: Turns
    cycles: list[Cycle]


@dataclass(frozen=True)
class Counted:
    """What a window shows: its `attempts` in order of their turns, the curves of the `sides` that
    were seen, the subject's `usual` size of a repetition and its `stature`."""

    attempts: tuple[Attempt, ...]
    sides: tuple[Side, ...]
    usual: float
    stature: float


def count(exercise: RepExercise, difficulty: str, rows: Rows) -> Counted:
    """The attempts in `rows`, by what these show themselves."""
    sides = _sides(exercise, rows)
    usual = usual_size([cycle for side in sides for cycle in side.cycles])
    large = _large(sides, least_size(exercise, difficulty, usual))
    if any(large):
        # a noisy curve falls to pieces, of which the usual one is too small
        usual = usual_size([cycle for cycles in large for cycle in cycles])
    return _counted(exercise, difficulty, rows, sides, usual)


def recount(exercise: RepExercise, difficulty: str, rows: Rows, known: Counted) -> Counted:
    """The attempts in `rows` by the calibration, and the usual size, of what was counted before."""
    sides = tuple(_again(side, rows) for side in known.sides)
    return _counted(exercise, difficulty, rows, sides, known.usual)


def _counted(
    exercise: RepExercise, difficulty: str, rows: Rows, sides: tuple[Side, ...], usual: float
) -> Counted:
    least = least_size(exercise, difficulty, usual)
    attempts: list[Attempt] = []
    for side, cycles in zip(sides, _large(sides, least), strict=True):
        if exercise.counted == "turn" and exercise.leading:
            cycles = in_time(cycles, rows.seconds, side.curve)
        cycles = [side.turns.trimmed(cycle) for cycle in cycles]
        small = [one for one in side.cycles if one.size < least]
        cycles += [side.turns.trimmed(one) for one in _between(cycles, small)]
        verdicts = _without_strays(rows, side, judge(exercise, cycles, least))
        attempts += _attempts(rows, verdicts, side.side)
    attempts = _without_twins(attempts) if len(sides) > 1 else attempts
    attempts.sort(key=lambda attempt: attempt.turn_s)
    found = _of_exercise(exercise, rows, _without_odd_tempo(attempts))
    return Counted(tuple(found), sides, usual, rows.size)


def _large(sides: tuple[Side, ...], least: float) -> list[list[Cycle]]:
    """Each side's cycles that are at least `least` large."""
    return [side.turns.cycles(max(least, LEAST)) for side in sides]


def _between(large: list[Cycle], cycles: list[Cycle]) -> list[Cycle]:
    """Those of `cycles` that do not turn within one of the `large` ones, which are in order."""
    starts = [one.start for one in large]
    before = [bisect_right(starts, one.turn) - 1 for one in cycles]
    return [
        one
        for one, place in zip(cycles, before, strict=True)
        if place < 0 or one.turn > large[place].end
    ]


def _without_strays(rows: Rows, side: Side, verdicts: list[Verdict]) -> list[Verdict]:
    """The verdicts, less the cycles whose turn is in another posture than the others'."""
    right = [verdict.cycle for verdict in verdicts if verdict.reason is None]
    turns = [cycle.turn for cycle in right]
    if not turns:
        return verdicts
    values, weights = rows.of(side.side)
    away = side.calibration.strays(values[turns], weights[turns]).tolist()
    limit = max(FAR, UNLIKE * median(away)) if len(right) >= SEVERAL else float("inf")
    strays = {
        cycle.turn
        for cycle, far in zip(right, away, strict=True)
        if far > (STRAY if cycle.opens else limit)
    }
    return without(verdicts, strays)


def _sides(exercise: RepExercise, rows: Rows) -> tuple[Side, ...]:
    """The curve of each side that moves by itself; of both together where they move alike."""
    if exercise.sides == "each":
        apart = tuple(found for side in (0, 1) if (found := _side(exercise, rows, side)))
        if len(apart) < 2 or not _alike(apart[0].curve, apart[1].curve):
            return apart
    both = _side(exercise, rows, None)
    return (both,) if both else ()


def _alike(one: Floats, other: Floats) -> bool:
    """Whether two sides' curves [n] go up and down together. Those of arms in turn go against each
    other, and an arm that rests goes neither way."""
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any() or not one[known].std() or not other[known].std():
        return False
    return bool(np.corrcoef(one[known], other[known])[0, 1] >= TOGETHER)


def _side(exercise: RepExercise, rows: Rows, side: int | None) -> Side | None:
    if not len(rows.seconds):
        return None
    values, weights = rows.of(side)
    weights = steadied(rows.seconds, weights)
    names = [signal.measure for signal in exercise.signals]
    between = np.array([not is_height(name) for name in names])
    between = np.tile(between, values.shape[1] // len(names))
    calibration = calibrated(rows.seconds, values, weights, between)
    if calibration is None:
        return None
    curve = calibration.curve(values, weights)
    rest = rest_level(curve)
    if not np.isfinite(rest):
        return None
    curve = curve - rest
    turns = Turns(rows.seconds, curve)
    return Side(side, calibration, rest, curve, turns, turns.cycles(LEAST))


def _again(side: Side, rows: Rows) -> Side:
    """The side in other rows, calibrated as it is."""
    values, weights = rows.of(side.side)
    curve = side.calibration.curve(values, steadied(rows.seconds, weights)) - side.rest
    turns = Turns(rows.seconds, curve)
    return replace(side, curve=curve, turns=turns, cycles=turns.cycles(LEAST))


def _attempts(rows: Rows, verdicts: list[Verdict], side: int | None) -> list[Attempt]:
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
        for cycle, reason in verdicts
    ]


def _shown(offset: int, cycle: Cycle, changes: list[int]) -> tuple[int, int]:
    """First and last frame of a cycle around its turn that are in the turn's scale, which changes
    behind the rows `changes`."""
    place = bisect_left(changes, cycle.turn)
    first = max(cycle.start, changes[place - 1] + 1) if place else cycle.start
    last = min(cycle.end, changes[place]) if place < len(changes) else cycle.end
    return offset + first, offset + last


def _without_twins(attempts: list[Attempt]) -> list[Attempt]:
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


def _without_odd_tempo(attempts: list[Attempt]) -> list[Attempt]:
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


def _of_exercise(exercise: RepExercise, rows: Rows, attempts: list[Attempt]) -> list[Attempt]:
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
