"""Hands the frames of a repetition to the form judgement."""

from __future__ import annotations

from collections import deque

import numpy as np

from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Body, Floats
from worker.motion.features.measures import sides_of
from worker.motion.features.order_statistics import median
from worker.motion.form import RepForm, RepFrames, advice_codes, judge, live_codes
from worker.motion.form.advice import RECENT
from worker.motion.reps.attempts import Attempt
from worker.motion.reps.signals import Rows, SignalRows

AROUND = 0.06
"""Share of a movement before and after it that is judged with it: the start pose itself."""

FEWEST = 4
"""Frames of a movement before its form can be judged."""


class RepScorer:
    """Scores the attempts of one job."""

    def __init__(self, exercise: RepExercise, rows: SignalRows) -> None:
        self._exercise = exercise
        self._rows = rows
        self._forms: deque[RepForm] = deque(maxlen=RECENT)

    def judged(self, attempt: Attempt, end: int) -> RepForm:
        """The form of an attempt; the frames before number `end` are known."""
        margin = max(1, round(AROUND * (attempt.last - attempt.first)))
        first, last = attempt.shown
        first = first - margin if first == attempt.first else first
        last = min(last + 1 + margin, end) if last == attempt.last else last + 1
        rows = self._rows.rows(first, last, attempt.stature)
        progress = _courses(rows) if attempt.side is None else _course(rows, attempt.side)
        turn = int(np.argmax(progress))
        side = attempt.side if attempt.side is not None else self._leading(rows.body, turn)
        frames = RepFrames(
            seconds=rows.seconds,
            body=rows.body,
            progress=progress,
            turn=turn,
            side=side,
            depth=attempt.size,
        )
        return judge(self._exercise.id, frames)

    def advice(self, form: RepForm) -> tuple[str, ...]:
        """Codes of the advice that holds after a repetition that counts."""
        self._forms.append(form)
        return advice_codes(self._exercise.id, tuple(self._forms))

    def live_advice(self, form: RepForm | None) -> tuple[str, ...] | None:
        """Codes of what is plainly wrong in the movement in progress; None where nothing is."""
        return (live_codes(self._exercise.id, form) if form is not None else None) or None

    def live(self, first: int, last: int, stature: float) -> RepForm | None:
        """The form of the movement that began at frame `first`, before it has ended."""
        rows = self._rows.rows(first, last, stature)
        if len(rows.seconds) < FEWEST:
            return None
        progress = _courses(rows)
        turn = int(np.argmax(progress))
        rep = RepFrames(rows.seconds, rows.body, progress, turn)
        return judge(self._exercise.id, rep, over=False)

    def _leading(self, body: Body, turn: int) -> int | None:
        """The side that leads at the turn, where the exercise has one."""
        if self._exercise.leading is None:
            return None
        values, weights = sides_of(body, self._exercise.leading)
        return int(np.argmax(values[turn])) if weights[turn].min() > 0 else None


def _courses(rows: Rows) -> Floats:
    """Progress [n] of all sides together."""
    sides = range(rows.values.shape[1])
    together: Floats = np.mean([_course(rows, side) for side in sides], axis=0)
    return together


def _course(rows: Rows, side: int) -> Floats:
    """Progress [n] from its least: the signals by how well they are seen over all the frames."""
    weights = median(rows.weights[:, side]) + 1e-6
    course: Floats = (rows.values[:, side] * weights).sum(axis=1) / weights.sum()
    return course - float(course.min())
