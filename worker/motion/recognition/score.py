"""How well each exercise explains a clip.

Each is counted as if it had been chosen. Its score is the product of three shares: how near the
signals come to the ranges of a full repetition, in the proportion that they must have to each
other; the root of the share of the time that its repetitions take, as there are rests between them;
and a half for each typical condition that fails. An exercise without a repetition has none. A
hold's score is its share of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np

from worker.exercises import EXERCISES
from worker.exercises.model import HoldExercise, RepExercise
from worker.motion.frames.frames import Frames
from worker.motion.reps.attempts import Attempt
from worker.motion.reps.counter import Counted, count
from worker.motion.reps.hold_tracker import HoldTracker
from worker.motion.reps.judgement import fulfilled
from worker.motion.reps.signals import Rows, rows_of

SAY_WEIGHT = 0.1
"""Mean weight from which a signal has a say."""

UNTYPICAL = 0.5
"""Factor for each typical condition that fails."""

LEFT_OUT = frozenset(
    {"hammer_curl", "low_impact_jack", "balance_leg_left", "balance_leg_right", "wall_sit"}
)
"""What another exercise stands for, as 17 joints do not tell them apart; and the wall sit, which is
any upright trunk where the legs are out of the picture."""

_ASKED = [exercise for exercise in EXERCISES.values() if exercise.id not in LEFT_OUT]
REPEATED = tuple(exercise for exercise in _ASKED if isinstance(exercise, RepExercise))
HOLD_SECONDS = tuple(exercise for exercise in _ASKED if isinstance(exercise, HoldExercise))
"""What is looked for. Jumps are not: a jump is part of many exercises."""

SURE = 0.2
"""Least score of an exercise that is recognised: on the bench's fitted subjects right ones score
0.25 and more, walking and standing at most 0.14."""


@dataclass(frozen=True)
class Score:
    """`value` 0-1 of an exercise and its `count`, repetitions or whole seconds."""

    exercise: RepExercise | HoldExercise
    value: float
    count: int


def ranked(frames: Frames, difficulty: str) -> list[Score]:
    """The exercises that explain something of the frames, the best first. Holds are among them only
    where nothing repeats: to rest between repetitions is to hold still, too."""
    seconds = frames.times_us * 1e-6
    lasts = max(float(seconds[-1] - seconds[0]), 0.1)
    scores = [_of_reps(one, frames, difficulty, lasts) for one in REPEATED]
    if not any(one.count > 1 and one.value >= SURE for one in scores):
        scores += [_of_hold(one, frames, lasts) for one in HOLD_SECONDS]
    return sorted((one for one in scores if one.value > 0), key=lambda one: -one.value)


def _of_hold(exercise: HoldExercise, frames: Frames, lasts: float) -> Score:
    tracker = HoldTracker(exercise)
    events = [*tracker.span(frames), tracker.finish()]
    seconds = max((event.seconds or 0 for event in events), default=0)
    return Score(exercise, min(seconds / lasts, 1.0), seconds)


def _of_reps(exercise: RepExercise, frames: Frames, difficulty: str, lasts: float) -> Score:
    rows = rows_of(exercise, frames)
    counted = count(exercise, difficulty, rows)
    reps = [attempt for attempt in counted.attempts if attempt.reason is None]
    if not reps:
        return Score(exercise, 0.0, 0)
    value = _fit(rows, counted, reps) * np.sqrt(min(_time(reps) / lasts, 1.0))
    spans = [(a.first - rows.first, a.turn - rows.first, a.last - rows.first, True) for a in reps]
    typical = fulfilled(exercise.typical, spans, rows.measures[:, len(exercise.conditions) :])
    return Score(exercise, float(value * UNTYPICAL ** typical.count(False)), len(reps))


def _fit(rows: Rows, counted: Counted, reps: list[Attempt]) -> float:
    """How near the signals' ranges are to full ones, by how well they are seen: half and double are
    both 0.5."""
    size = median(attempt.size for attempt in reps)
    weights, shares = [], []
    for side in counted.sides:
        reached = side.calibration.slope * size
        weights += rows.of(side.side)[1].mean(axis=0).tolist()
        shares += [min(one, 1 / one) if one > 0 else 0.0 for one in reached.tolist()]
    seen = np.where(np.array(weights) >= SAY_WEIGHT, weights, 0.0)
    return float((seen * shares).sum() / seen.sum()) if seen.any() else 0.0


def _time(reps: list[Attempt]) -> float:
    """Seconds that the repetitions take together."""
    total, until = 0.0, -1.0
    for rep in sorted(reps, key=lambda rep: rep.start_s):
        total += max(rep.end_s - max(rep.start_s, until), 0.0)
        until = max(until, rep.end_s)
    return total
