"""Hands the frames of a repetition to the form room, and remembers what advice is drawn from."""

from __future__ import annotations

import numpy as np

from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.form import RepForm, RepFrames, advice_codes, judge, judge_live
from worker.motion.form.score import MIN_FRAMES
from worker.motion.reps.counter import Attempt
from worker.motion.reps.signals import Rows, SignalRows


class RepScorer:
    """Scores the attempts of one job."""

    def __init__(self, exercise: RepExercise, rows: SignalRows) -> None:
        self._exercise = exercise
        self._rows = rows
        self._forms: list[RepForm] = []

    def judged(self, attempt: Attempt) -> RepForm:
        """The form of an attempt."""
        first, last = attempt.first, attempt.last + 1
        frames = self._frames(first, last, attempt.side, attempt.stature, attempt.size)
        return judge(self._exercise.id, frames)

    def advice(self, counted: RepForm) -> tuple[str, ...]:
        """The codes of the advice that holds after one more counted repetition."""
        self._forms.append(counted)
        return advice_codes(self._exercise.id, self._forms)

    def live(self, first: int, last: int, size: float) -> float | None:
        """The form of the movement that began at frame `first`, before it has ended."""
        if last - first < MIN_FRAMES:
            return None
        return judge_live(self._exercise.id, self._frames(first, last, None, size, None))

    def _frames(
        self, first: int, last: int, side: int | None, size: float, depth: float | None
    ) -> RepFrames:
        rows = self._rows.rows(first, last, size)
        progress = _course(rows, side)
        return RepFrames(
            seconds=rows.seconds,
            body=self._rows.body(first, last),
            progress=progress,
            turn=int(np.argmax(progress)),
            side=side,
            depth=depth,
        )


def _course(rows: Rows, side: int | None) -> Floats:
    """Progress [n] of one side, or of all, in full repetitions from where it starts: its signals by
    how well they are seen."""
    values, weights = rows.values, rows.weights
    if side is not None:
        values, weights = values[:, [side]], weights[:, [side]]
    typical = np.median(weights, axis=0) + 1e-6
    course = (values * typical).sum(axis=(1, 2)) / typical.sum()
    moved: Floats = course - min(course[0], course[-1])
    return moved
