"""Hands the frames of a repetition to the form score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.features.features import feature, merged
from worker.motion.reps.counter import Attempt
from worker.motion.reps.form_score import SEEN, UNKNOWN, Window, criteria_of, form_of
from worker.motion.reps.signals import Rows, SignalRows


@dataclass(frozen=True)
class Judged:
    """Form 0-100, its criteria, and the codes of advice that it gives."""

    score: float
    criteria: dict[str, float]
    codes: tuple[str, ...]


class RepScorer:
    """Scores the attempts of one job."""

    def __init__(self, exercise: RepExercise, rows: SignalRows) -> None:
        self._exercise = exercise
        self._rows = rows

    def judged(self, attempt: Attempt) -> Judged:
        """The form of an attempt."""
        window = self._window(attempt.first, attempt.last + 1, attempt.side, attempt.stature)
        scores = criteria_of(self._exercise, window)
        codes = tuple(
            advice.code
            for advice in self._exercise.advice
            if scores.get(advice.criterion, 100.0) < advice.below
        )
        return Judged(form_of(self._exercise, scores), scores, codes)

    def live(self, first: int, last: int, size: float) -> float | None:
        """The form of the movement that began at frame `first`, before it has ended."""
        if last - first < 4:
            return None
        window = self._window(first, last, None, size)
        return form_of(self._exercise, criteria_of(self._exercise, window, live=True))

    def _window(self, first: int, last: int, side: int | None, size: float) -> Window:
        rows, body = self._rows.rows(first, last, size), self._rows.body(first, last)
        if self._exercise.sides == "each":
            sides = np.stack([_course(rows, 0), _course(rows, 1)], axis=1)
        else:
            sides = np.repeat(_course(rows, 0)[:, None], 2, axis=1)
        seen = body.seen(self._exercise.joints)
        progress = merged(sides, seen) if side is None else sides[:, side]
        names = [c.feature for c in self._exercise.criteria if c.feature]
        facing = _sure(*feature(body, "frontal"))
        facing = facing[np.isfinite(facing)]
        return Window(
            seconds=rows.seconds,
            progress=progress,
            sides=sides,
            seen=seen,
            features={name: _sure(*feature(body, name)) for name in names},
            low=float(min(progress[0], progress[-1])),
            peak=float(progress.max()),
            facing=float(facing.mean()) if len(facing) else UNKNOWN,
            paired=side is None,
        )


def _course(rows: Rows, channel: int) -> Floats:
    """Progress [n] of one side from where it starts: its signals by how well they are seen."""
    weights = np.median(rows.weights[:, channel], axis=0) + 1e-6
    course = (rows.values[:, channel] * weights).sum(axis=1) / weights.sum()
    return course - min(course[0], course[-1])


def _sure(values: Floats, seen: Floats) -> Floats:
    mean = merged(values, seen)
    mean[seen.max(axis=1) < SEEN] = np.nan
    return mean
