"""A repetition exercise's frames as rows of numbers: signals, conditions, the body's size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Body, Floats
from worker.motion.features.measures import (
    is_height,
    is_length,
    sides_of,
    stature,
    statures,
    weighted,
    whole,
)
from worker.motion.frames.frames import Frames
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
    changed suddenly, nan while it changes."""

    first: int
    size: float
    scale: Floats
    seconds: Floats
    values: Floats
    weights: Floats
    measures: Floats

    def of(self, side: int | None) -> tuple[Floats, Floats]:
        """Values and weights of one side's signals [n, k]; of all sides' [n, c k] for None."""
        if side is not None:
            return self.values[:, side], self.weights[:, side]
        shape = (len(self.seconds), -1)
        return self.values.reshape(shape), self.weights.reshape(shape)


class SignalRows:
    """Measures frames and keeps what it measured."""

    def __init__(self, exercise: RepExercise) -> None:
        self._sides = 2 if exercise.sides == "each" else 1
        self._names = [signal.measure for signal in exercise.signals]
        self._full = np.array([signal.full for signal in exercise.signals], np.float64)
        self._say = np.array([signal.weight for signal in exercise.signals], np.float64)
        self._lengths = np.array([is_length(name) for name in self._names])
        asked = (*exercise.conditions, *exercise.typical)
        self._asked = [condition.measure for condition in asked]
        self._asked_lengths = np.array([is_length(name) for name in self._asked], bool)
        count = 1 + 2 * self._sides * len(self._names) + len(self._asked) + 4
        # what a frame that shows two sizes is worth: weights of 0, conditions not seen
        self._unseen = np.full(count - 5 - self._sides * len(self._names), np.nan)
        self._unseen[: self._sides * len(self._names)] = 0.0
        self._rows: Floats = np.zeros((0, count))
        self._joints: Floats = np.zeros((0, 3, 17))
        self._first = 0

    def add(self, frames: Frames) -> None:
        """Takes the frames, in order."""
        seconds = frames.times_us.astype(np.float64) * 1e-6
        body = weighted(frames.body, frames.aspect)
        signals = [self._signal(body, name) for name in self._names]
        columns = [seconds[:, None]]
        columns += [values for values, _ in signals]
        columns += [weights * frames.known[:, None] for _, weights in signals]
        for name in self._asked:
            values, weights = whole(body, name)
            seen = (weights >= JUDGED_WEIGHT) & frames.known
            columns.append(np.where(seen, values, np.nan)[:, None])
        columns.append(np.where(frames.known[:, None], statures(body), np.nan))
        if not len(self._rows):
            self._first = frames.first
        self._rows = np.concatenate((self._rows, np.concatenate(columns, axis=1)))
        joints = np.stack((body.x, body.y, frames.body.score * frames.known[:, None]), axis=1)
        self._joints = np.concatenate((self._joints, joints))

    def _signal(self, body: Body, name: str) -> tuple[Floats, Floats]:
        if self._sides == 2:
            return sides_of(body, name)
        values, weights = whole(body, name)
        return values[:, None], weights[:, None]

    def forget(self, seconds: float) -> None:
        """Drops what is before `seconds`."""
        passed = self.since(seconds) - self._first
        self._rows, self._joints = self._rows[passed:], self._joints[passed:]
        self._first += passed

    def since(self, seconds: float) -> int:
        """Number of the first kept frame at or after `seconds`."""
        return self._first + int(np.searchsorted(self._rows[:, 0], seconds))

    def rows(self, first: int, last: int, size: float | None = None) -> Rows:
        """What is kept of the frames from number `first` to before `last`, in shares of `size`, a
        stature in frame heights; of the one that they tell where it is None."""
        begin = max(first - self._first, 0)
        rows = self._rows[begin : last - self._first]
        signals, sides = len(self._names), self._sides
        scale = np.ones(len(rows))
        if size is None:
            rows, scale = self._one_scale(rows)
            size = stature(rows[:, -4:])
        full = self._full * np.where(self._lengths, size, 1.0)
        shape = (len(rows), signals, sides)
        values = rows[:, 1 : 1 + signals * sides].reshape(shape).transpose(0, 2, 1) / full
        weights = rows[:, 1 + signals * sides : 1 + 2 * signals * sides].reshape(shape)
        measures = rows[:, 1 + 2 * signals * sides : -4]
        return Rows(
            first=self._first + begin,
            size=size,
            scale=scale,
            seconds=rows[:, 0],
            values=values,
            weights=weights.transpose(0, 2, 1) * self._say,
            measures=measures / np.where(self._asked_lengths, size, 1.0),
        )

    def _one_scale(self, rows: Floats) -> tuple[Floats, Floats]:
        """The rows with lengths in the scale of the first ones, and what each was multiplied by."""
        found = stretches(rows[:, 0], rows[:, -4:])
        scale = np.ones(len(rows))
        if len(found) == 1:
            return rows, scale
        rows, start = rows.copy(), slice(found[0].first, found[0].last)
        for stretch in found[1:]:
            span = slice(stretch.first, stretch.last)
            scale[span] = stretch.factor
            rows[span, -4:] *= stretch.factor
            for column, name in self._length_columns():
                rows[span, column] *= stretch.factor
                if is_height(name):
                    rows[span, column] += shift(rows[span, column], rows[start, column])
            blurred = np.abs(rows[:, 0] - rows[stretch.first, 0]) <= BLUR_S
            rows[blurred, 1 + self._sides * len(self._names) : -4] *= self._unseen
            scale[blurred] = np.nan
        return rows, scale

    def _length_columns(self) -> list[tuple[int, str]]:
        """The columns of the rows that hold lengths, and the measure of each."""
        sides, signals = self._sides, len(self._names)
        values = [
            (1 + place * sides + side, name)
            for place, name in enumerate(self._names)
            for side in range(sides)
        ]
        asked = [(1 + 2 * signals * sides + place, name) for place, name in enumerate(self._asked)]
        return [(column, name) for column, name in values + asked if is_length(name)]

    def body(self, first: int, last: int) -> Body:
        """The joints of the frames from number `first` to before `last`."""
        x, y, score = self._joints[first - self._first : last - self._first].transpose(1, 0, 2)
        return Body(x=x, y=y, score=score)
