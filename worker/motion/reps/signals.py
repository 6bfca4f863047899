"""A repetition exercise's frames as rows of numbers: signals, conditions, the body's size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Body, Columns, Floats
from worker.motion.features.measures import (
    is_height,
    is_length,
    sides_of,
    stature,
    statures,
    weighted,
    whole,
)
from worker.motion.frames.frames import NO_FRAMES, Frames
from worker.motion.reps.scale_changes import BLUR_S, shift, stretches

JUDGED_WEIGHT = 0.8
"""Weight from which a measure takes part in a condition: that of joints at a score of 0.3, from
which MoveNet's own example shows them (see `weighted`)."""


@dataclass(frozen=True)
class Rows:
    """n frames: `seconds` [n], `frame` number of the first, `values` and `weights` [n, c, k] of the
    k signals on each of c sides (full repetitions), `measures` [n, m] of the conditions and of what
    is typical, nan where not seen (degrees and shares of stature); `size` is the stature that they
    are shares of, and `scale` [n] what lengths were multiplied by where the size in the picture
    changed suddenly, nan while it changes. `body` has the joints as they were."""

    first: int
    size: float
    scale: Floats
    seconds: Floats
    values: Floats
    weights: Floats
    measures: Floats
    body: Body

    def of(self, side: int | None) -> tuple[Floats, Floats]:
        """Values and weights of one side's signals [n, k]; of all sides' [n, c k] for None."""
        if side is not None:
            return self.values[:, side], self.weights[:, side]
        shape = (len(self.seconds), -1)
        return self.values.reshape(shape), self.weights.reshape(shape)


@dataclass(frozen=True)
class _Measured(Columns):
    """n frames as `Rows` has them, in degrees and frame heights; `told` [n, 4] are the statures,
    `body` the joints."""

    seconds: Floats
    values: Floats
    weights: Floats
    measures: Floats
    told: Floats
    body: Body


def _measured(exercise: RepExercise, frames: Frames) -> _Measured:
    body, known = weighted(frames.body, frames.aspect), frames.known
    measure, sides = (sides_of, 2) if exercise.sides == "each" else (whole, 1)
    signals = [measure(body, signal.measure) for signal in exercise.signals]
    shape = (len(frames), sides, len(signals))
    asked = (*exercise.conditions, *exercise.typical)
    measures = np.full((len(frames), len(asked)), np.nan)
    for place, condition in enumerate(asked):
        values, weights = whole(body, condition.measure)
        seen = (weights >= JUDGED_WEIGHT) & known
        measures[seen, place] = values[seen]
    return _Measured(
        seconds=frames.times_us.astype(np.float64) * 1e-6,
        values=np.stack([values for values, _ in signals], axis=-1).reshape(shape),
        weights=np.stack([weights for _, weights in signals], axis=-1).reshape(shape)
        * known[:, None, None],
        measures=measures,
        told=np.where(known[:, None], statures(body), np.nan),
        body=replace(frames.body, score=frames.body.score * known[:, None]),
    )


@lru_cache(maxsize=64)
def _nothing_measured(exercise: RepExercise) -> _Measured:
    return _measured(exercise, NO_FRAMES)


class SignalRows:
    """Measures frames and keeps what it measured."""

    def __init__(self, exercise: RepExercise) -> None:
        self._exercise = exercise
        self._names = [signal.measure for signal in exercise.signals]
        self._asked = [one.measure for one in (*exercise.conditions, *exercise.typical)]
        self._full = np.array([signal.full for signal in exercise.signals], np.float64)
        self._say = np.array([signal.weight for signal in exercise.signals], np.float64)
        self._lengths, self._asked_lengths = (
            np.array([is_length(name) for name in names], np.bool_)
            for names in (self._names, self._asked)
        )
        self._kept = _nothing_measured(exercise)
        self._first = 0

    def add(self, frames: Frames) -> None:
        """Takes the frames, in order."""
        self._first = frames.first - len(self._kept)
        self._kept = _Measured.joined([self._kept, _measured(self._exercise, frames)])

    def forget(self, seconds: float) -> None:
        """Drops what is before `seconds`."""
        first = self.since(seconds)
        self._kept, self._first = self._kept[first - self._first :], first

    def since(self, seconds: float) -> int:
        """Number of the first kept frame at or after `seconds`."""
        return self._first + int(np.searchsorted(self._kept.seconds, seconds))

    def rows(self, first: int, last: int, size: float | None = None) -> Rows:
        """What is kept of the frames from number `first` to before `last`, in shares of `size`, a
        stature in frame heights; of the one that they tell where it is None."""
        first = max(first, self._first)
        kept = self._kept[first - self._first : last - self._first]
        scale = np.ones(len(kept))
        if size is None:
            kept, scale = self._one_scale(kept)
            size = stature(kept.told)
        return Rows(
            first=first,
            size=size,
            scale=scale,
            seconds=kept.seconds,
            values=kept.values / (self._full * np.where(self._lengths, size, 1.0)),
            weights=kept.weights * self._say,
            body=kept.body,
            measures=kept.measures / np.where(self._asked_lengths, size, 1.0),
        )

    def _one_scale(self, kept: _Measured) -> tuple[_Measured, Floats]:
        """The rows with lengths in the scale of the first ones, and what each was multiplied by."""
        start, *others = stretches(kept.seconds, kept.told)
        scale = np.ones(len(kept))
        if not others:
            return kept, scale
        kept = kept[np.arange(len(kept))]  # a copy
        columns = [*zip(self._names, kept.values.T, strict=True)]
        columns += zip(self._asked, kept.measures.T, strict=True)
        for other in others:
            span = slice(other.first, other.last)
            scale[span] = other.factor
            kept.told[span] *= other.factor
            for name, column in columns:
                if is_length(name):
                    column[..., span] *= other.factor
                if is_height(name):
                    column[..., span] += shift(
                        column[..., span], column[..., start.first : start.last]
                    )
            blurred = np.abs(kept.seconds - kept.seconds[other.first]) <= BLUR_S
            kept.weights[blurred] = 0.0
            kept.measures[blurred] = scale[blurred] = np.nan
        return kept, scale


def rows_of(exercise: RepExercise, frames: Frames) -> Rows:
    """All of the frames as rows."""
    kept = SignalRows(exercise)
    kept.add(frames)
    return kept.rows(frames.first, frames.first + len(frames))
