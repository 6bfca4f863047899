"""Follows a clip whose exercise nobody named: recognises it, then counts it.

All that is known of the last two minutes is looked at once a minute, until an exercise is beyond
doubt, and at the media's end. What was seen until then is counted at once; from there on the
exercise's own tracker counts. Where nothing is recognised, the largest movement that repeats is
counted as `unknown`.
"""

from __future__ import annotations

from worker.contract.message_parts import Recognised
from worker.exercises.model import HoldExercise, RepExercise
from worker.motion.frames.frames import Frames, joined
from worker.motion.recognition.score import SURE, Score, ranked
from worker.motion.recognition.unknown import UNKNOWN, unknown_exercise
from worker.motion.reps.frame_events import NOTHING, FrameEvent, Tracker
from worker.motion.reps.hold_tracker import HoldTracker
from worker.motion.reps.tracker import RepTracker

EVERY_S, KEPT_S = 60.0, 120.0
"""Seconds of media from one look to the next, and that a look goes back."""

DOUBTLESS = 3
"""Repetitions, or seconds held, that leave no doubt before the media ends."""

FEWEST_UNKNOWN = 2
"""Repetitions of an unknown movement at least: one alone may be the way into place."""

TOLD = 3
"""Exercises that the summary names."""


def tracker_of(
    exercise: RepExercise | HoldExercise, difficulty: str, least_score: float | None
) -> Tracker:
    """The tracker of an exercise; repetitions that score less than `least_score` do not count."""
    if isinstance(exercise, HoldExercise):
        return HoldTracker(exercise)
    return RepTracker(exercise, difficulty, least_score)


class AutoTracker(Tracker):
    """Events of the exercise that the frames show; `least_score` is that of `minGrade`."""

    def __init__(self, difficulty: str, least_score: float | None) -> None:
        self._difficulty = difficulty
        self._least_score = least_score
        self._kept: list[Frames] = []
        self._due: float | None = None
        self._tracker: Tracker | None = None
        self.name = UNKNOWN

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""
        if self._tracker is not None:
            return self._tracker.span(frames)
        return [event for part in frames.each() for event in self._block(part)]

    def finish(self) -> FrameEvent:
        """What the media's end decides."""
        if self._tracker is not None:
            return self._tracker.finish()
        if not self._kept:
            return NOTHING
        frames = joined(self._kept)
        scores = self._look(frames)
        found: RepExercise | HoldExercise | None = None
        if scores and scores[0].value >= SURE:
            found = scores[0].exercise
        else:
            found = unknown_exercise(frames)
        if found is None:
            return NOTHING
        tracker = self._choose(found)
        event = _together([*tracker.span(frames), tracker.finish()])
        counted = sum(rep.counted for rep in event.reps)
        return NOTHING if self.name == UNKNOWN and counted < FEWEST_UNKNOWN else event

    def _block(self, part: Frames) -> list[FrameEvent]:
        if self._tracker is not None:
            return self._tracker.span(part)
        nothing = [NOTHING] * len(part.times_us)
        self._kept.append(part)
        now = float(part.times_us[-1]) * 1e-6
        if self._due is None:
            self._due = float(part.times_us[0]) * 1e-6 + EVERY_S
        if now < self._due:
            return nothing
        self._due += EVERY_S
        frames = joined(self._kept)
        scores = self._look(frames)
        if not scores or scores[0].value < SURE or scores[0].count < DOUBTLESS:
            since = (now - KEPT_S) * 1e6
            self._kept = [kept for kept in self._kept if kept.times_us[-1] > since]
            return nothing
        events = self._choose(scores[0].exercise).span(frames)
        self._kept = []
        return [*nothing[1:], _together(events)]

    def _look(self, frames: Frames) -> list[Score]:
        scores = ranked(frames, self._difficulty)
        self.recognised = tuple(
            Recognised(exercise=one.exercise.id, score=round(one.value, 3)) for one in scores[:TOLD]
        )
        return scores

    def _choose(self, exercise: RepExercise | HoldExercise) -> Tracker:
        self.name, self.holds = exercise.id, isinstance(exercise, HoldExercise)
        self._tracker = tracker_of(exercise, self._difficulty, self._least_score)
        return self._tracker


def _together(events: list[FrameEvent]) -> FrameEvent:
    """All that is told by the events, in one."""
    advised = [event.advice for event in events if event.advice is not None]
    seconds = [event.seconds for event in events if event.seconds is not None]
    forms = [event.form for event in events if event.form is not None]
    return FrameEvent(
        reps=tuple(rep for event in events for rep in event.reps),
        advice=advised[-1] if advised else None,
        seconds=seconds[-1] if seconds else None,
        form=forms[-1] if forms else None,
    )
