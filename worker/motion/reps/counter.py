"""Counts the repetitions in a window of rows: calibration, curve, cycles, verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from worker.contract.message_parts import RefusalReason
from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import LEAST, Cycle, cycles_of, trimmed, usual_size
from worker.motion.reps.fusion import Calibration, calibrated, rest_level, steadied
from worker.motion.reps.judgement import Verdict, judge, least_size
from worker.motion.reps.signals import Rows

TWIN = 0.5
"""Share of the shorter movement that two sides have in common where they do one repetition: in turn
one comes down while the other goes up, in less."""

GOES_ALONG = 0.35
"""Share of one side's movement from which the other side's at the same time is part of an uneven
repetition of both, and not the sway of an arm that rests: the least share of a full one."""

STRAY = 0.5
"""Full repetitions by which a signal strays, where a clip begins, in another posture than that of
the repetitions: the way into place."""

FAR, UNLIKE, SEVERAL = 1.0, 3.0, 5
"""The same amid the clip, which must be so many times the usual, of so many repetitions at least:
jumps with the arms alone among jumping jacks."""

HASTY, LARGE = 0.3, 0.7
"""Share of the time that the large repetitions take, those of this share of the usual size at
least: what takes less is a jerk. Tired or hurried, people halve their time."""

SEEN = 0.3
"""Mean weight from which a signal is seen well enough to be missed."""


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
    """One side's calibration, its curve's rest level, the curve [n] above it, and its cycles;
    `follows` says whether the body itself moves, not only its place in the picture."""

    follows: bool
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
    sides = tuple(_side(exercise, rows, channel) for channel in range(rows.values.shape[1]))
    usual = usual_size([cycle for side in sides if side for cycle in side.cycles])
    least = least_size(exercise, difficulty, usual)
    attempts: list[Attempt] = []
    for channel, side in enumerate(sides):
        if side is None:
            continue
        large = cycles_of(rows.seconds, side.curve, max(least, LEAST))
        cycles = [trimmed(cycle, side.curve) for cycle in large]
        cycles += [
            trimmed(small, side.curve)
            for small in side.cycles
            if not any(one.start <= small.turn <= one.end for one in cycles)
        ]
        if not side.follows:
            attempts += [_attempt(rows, Verdict(one, "other_movement"), None) for one in cycles]
            continue
        verdicts = judge(exercise, cycles, usual, least, side.curve, rows.measures)
        verdicts = _without_strays(rows, channel, side.calibration, verdicts)
        number = channel if len(sides) > 1 else None
        attempts += [_attempt(rows, verdict, number) for verdict in verdicts]
    attempts = _without_twins(attempts) if len(sides) > 1 else attempts
    attempts.sort(key=lambda attempt: attempt.turn_s)
    found = _without_jerks(attempts, usual)
    return Counted(tuple(found), sides, usual, rows.size)


def _without_strays(
    rows: Rows, channel: int, calibration: Calibration, verdicts: list[Verdict]
) -> list[Verdict]:
    """The verdicts, less the cycles whose turn is in another posture than the others'."""
    right = [verdict.cycle for verdict in verdicts if verdict.reason is None]
    turns = [cycle.turn for cycle in right]
    if not turns:
        return verdicts
    away = calibration.strays(rows.values[turns, channel], rows.weights[turns, channel]).tolist()
    limit = max(FAR, UNLIKE * median(away)) if len(right) >= SEVERAL else float("inf")
    strays = {
        cycle.turn
        for cycle, far in zip(right, away, strict=True)
        if far > (STRAY if cycle.opens else limit)
    }
    return [
        Verdict(one.cycle, "other_movement") if one.cycle.turn in strays else one
        for one in verdicts
    ]


def _follows(exercise: RepExercise, slope: Floats, weights: Floats) -> bool:
    """Whether one of the signals that are seen well moves with the curve, of those between joints:
    heights in the picture move with a camera, a walk or a bow as well."""
    told = [
        slope[place] > 0
        for place, signal in enumerate(exercise.signals)
        if not signal.measure.endswith("_height") and weights[:, place].mean() >= SEEN
    ]
    return any(told) or not told


def _side(exercise: RepExercise, rows: Rows, channel: int) -> Side | None:
    if not len(rows.seconds):
        return None
    values, weights = rows.values[:, channel], steadied(rows.seconds, rows.weights[:, channel])
    leads = np.array([not signal.measure.endswith("_height") for signal in exercise.signals])
    calibration = calibrated(rows.seconds, values, weights, leads)
    if calibration is None:
        return None
    curve = calibration.curve(values, weights)
    rest = rest_level(curve)
    if not np.isfinite(rest):
        return None
    curve = curve - rest
    follows = _follows(exercise, calibration.slope, weights)
    return Side(follows, calibration, rest, curve, cycles_of(rows.seconds, curve))


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
        stature=rows.size / float(rows.scale[cycle.turn]),
        side=side,
        whole=cycle.whole and not cycle.opens and not cycle.closes,
        reason=verdict.reason,
    )


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
        elif attempt.reason is None or attempt.size >= GOES_ALONG * kept[twin].size:
            kept[twin] = replace(kept[twin], side=None)
    return kept


def _without_jerks(attempts: list[Attempt], usual: float) -> list[Attempt]:
    """The attempts, those refused that take far less time than the large ones."""
    lasts = [
        one.end_s - one.start_s
        for one in attempts
        if one.reason is None and one.whole and one.size >= LARGE * usual
    ]
    shortest = HASTY * median(lasts) if lasts else 0.0
    return [
        replace(one, reason="other_movement")
        if one.reason is None and one.end_s - one.start_s < shortest
        else one
        for one in attempts
    ]


def _worth(attempt: Attempt) -> tuple[bool, float, float, int]:
    lasts = attempt.end_s - attempt.start_s
    return attempt.reason is None, lasts, attempt.size, -(attempt.side or 0)


def twins(one: Attempt, other: Attempt) -> bool:
    """Whether two attempts of different sides are one repetition of both."""
    common = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    shorter = min(one.end_s - one.start_s, other.end_s - other.start_s)
    return one.side != other.side and common >= TWIN * shorter
