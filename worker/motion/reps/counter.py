"""Counts the repetitions in a window of rows: calibration, curve, cycles, verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.contract.message_parts import RefusalReason
from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import LEAST, Cycle, cycles_of, usual_size
from worker.motion.reps.fusion import Calibration, calibrated, rest_level, steadied
from worker.motion.reps.judgement import Verdict, judge, least_size
from worker.motion.reps.signals import Rows

TWIN = 0.35
"""Two sides' turns closer than this share of the longer movement are one repetition of both."""


@dataclass(frozen=True)
class Attempt:
    """A cycle by frame numbers and seconds: where the movement starts, turns and ends; `size` in
    full repetitions; the `side` (0 left, 1 right) that did it, None where they are not told apart;
    `stature` is the subject's, in frame heights;
    `whole` says that its beginning and end were seen. It counts where there is no `reason`."""

    first: int
    turn: int
    last: int
    start_s: float
    turn_s: float
    end_s: float
    size: float
    stature: float
    side: int | None
    whole: bool
    reason: RefusalReason | None


@dataclass(frozen=True)
class Side:
    """One side's calibration, its curve's rest level, the curve [n] above it, and its cycles."""

    calibration: Calibration
    rest: float
    curve: Floats
    cycles: list[Cycle]


@dataclass(frozen=True)
class Counted:
    """What a window shows: its `attempts` in order of their turns, each side's curve (None where
    nothing of it was seen), the subject's `usual` size of a repetition and its `stature`."""

    attempts: tuple[Attempt, ...]
    sides: tuple[Side | None, ...]
    usual: float
    stature: float


def count(exercise: RepExercise, difficulty: str, rows: Rows) -> Counted:
    """The attempts in `rows`."""
    sides = tuple(_side(rows, channel) for channel in range(rows.values.shape[1]))
    usual = usual_size([cycle for side in sides if side for cycle in side.cycles])
    least = least_size(exercise, difficulty, usual)
    attempts: list[Attempt] = []
    for channel, side in enumerate(sides):
        if side is None:
            continue
        cycles = cycles_of(rows.seconds, side.curve, max(least, LEAST))
        cycles += [
            small for small in side.cycles
            if not any(one.start <= small.turn <= one.end for one in cycles)
        ]  # fmt: skip
        verdicts = judge(exercise, cycles, usual, least, rows.seconds, side.curve, rows.measures)
        number = channel if len(sides) > 1 else None
        attempts += [_attempt(rows, verdict, number) for verdict in verdicts]
    attempts.sort(key=lambda attempt: (attempt.turn_s, attempt.side or 0))
    return Counted(tuple(_without_twins(attempts)), sides, usual, rows.size)


def _side(rows: Rows, channel: int) -> Side | None:
    if not len(rows.seconds):
        return None
    values, weights = rows.values[:, channel], steadied(rows.seconds, rows.weights[:, channel])
    calibration = calibrated(rows.seconds, values, weights)
    if calibration is None:
        return None
    curve = calibration.curve(values, weights)
    rest = rest_level(curve)
    if not np.isfinite(rest):
        return None
    curve = curve - rest
    return Side(calibration, rest, curve, cycles_of(rows.seconds, curve))


def _attempt(rows: Rows, verdict: Verdict, side: int | None) -> Attempt:
    cycle = verdict.cycle
    return Attempt(
        first=rows.first + cycle.start,
        turn=rows.first + cycle.turn,
        last=rows.first + cycle.end,
        start_s=float(rows.seconds[cycle.start]),
        turn_s=float(rows.seconds[cycle.turn]),
        end_s=float(rows.seconds[cycle.end]),
        size=cycle.size if cycle.whole else max(cycle.out, cycle.back),
        stature=rows.size,
        side=side,
        whole=cycle.whole and not cycle.opens and not cycle.closes,
        reason=verdict.reason,
    )


def _without_twins(attempts: list[Attempt]) -> list[Attempt]:
    """Both sides' attempts at the same time are one: of two that count the larger, else the one
    that counts."""
    kept: list[Attempt] = []
    for attempt in attempts:
        twin = next((place for place, one in enumerate(kept) if twins(one, attempt)), None)
        if twin is None:
            kept.append(attempt)
        elif _better(attempt, kept[twin]):
            kept[twin] = attempt
    return kept


def twins(one: Attempt, other: Attempt) -> bool:
    """Whether two attempts of different sides are one repetition of both."""
    longer = max(one.end_s - one.start_s, other.end_s - other.start_s)
    return one.side != other.side and abs(one.turn_s - other.turn_s) <= TWIN * longer


def _better(one: Attempt, other: Attempt) -> bool:
    return (one.reason is None, one.size) > (other.reason is None, other.size)
