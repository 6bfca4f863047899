"""Counts the repetitions in a window of rows: calibration, curve, cycles, attempts."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from worker.contract.message_parts import RefusalReason
from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.features.measures import is_height
from worker.motion.reps.attempts import (
    SEVERAL,
    Attempt,
    attempts_of,
    of_exercise,
    without_odd_tempo,
    without_twins,
)
from worker.motion.reps.cycles import LEAST, Cycle, Turns, usual_size
from worker.motion.reps.fusion import Calibration, calibrated, rest_level, steadied
from worker.motion.reps.judgement import least_size, size_reasons
from worker.motion.reps.rhythm import in_time
from worker.motion.reps.signals import Rows

TOGETHER = 0.5
"""Correlation of both sides' curves from which they move together (0.53 and more in the bench where
they do, 0.34 at most where not)."""

STRAY = 0.5
"""Full repetitions by which a signal strays, where a clip begins, in another posture than that of
the repetitions: the way into place."""

FAR, UNLIKE = 1.0, 3.0
"""The same amid the clip, which must be so many times the usual of SEVERAL repetitions: jumps with
the arms alone among jumping jacks."""


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
        reasons = _reasons(rows, side, cycles, size_reasons(exercise, cycles, least))
        attempts += attempts_of(rows, side.side, cycles, reasons)
    attempts = without_twins(attempts) if len(sides) > 1 else attempts
    attempts.sort(key=lambda attempt: attempt.turn_s)
    found = of_exercise(exercise, rows, without_odd_tempo(attempts))
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


def _reasons(
    rows: Rows, side: Side, cycles: list[Cycle], reasons: list[RefusalReason | None]
) -> list[RefusalReason | None]:
    """The `reasons` of the cycles, another movement where they turn in another posture."""
    judged = list(zip(cycles, reasons, strict=True))
    strays = _strays(rows, side, [cycle for cycle, reason in judged if reason is None])
    return ["other_movement" if cycle.turn in strays else reason for cycle, reason in judged]


def _strays(rows: Rows, side: Side, cycles: list[Cycle]) -> set[int]:
    """Rows where those of `cycles` turn that are in another posture there than the others."""
    if not cycles:
        return set()
    turns = [cycle.turn for cycle in cycles]
    values, weights = rows.of(side.side)
    away = side.calibration.strays(values[turns], weights[turns]).tolist()
    limit = max(FAR, UNLIKE * median(away)) if len(cycles) >= SEVERAL else float("inf")
    return {
        cycle.turn
        for cycle, far in zip(cycles, away, strict=True)
        if far > (STRAY if cycle.opens else limit)
    }


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
