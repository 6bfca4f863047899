"""From a tracker's events to what is said of them: counts, scores, advice, guidance."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from itertools import chain

import msgspec

from worker.contract.exercises import View
from worker.contract.grades import grade_of
from worker.contract.jobs import Result
from worker.contract.message_parts import CriterionScore, FormScore, ReferenceScore, Rep
from worker.contract.messages import (
    Counter,
    ExerciseSummary,
    FormScoreMessage,
    Message,
    Posture,
    Progression,
    Recommendations,
)
from worker.contract.options import JobOptions
from worker.exercises.names import text_table
from worker.motion.form import advice_text
from worker.motion.frames.frames import Frames, HudFrame
from worker.motion.posture.guide import PostureGuide
from worker.motion.reps.frame_events import FrameEvent, Tracker

REFUSALS = text_table("worker.motion.feedback", "refusals.csv")
"""Why nothing was counted, by the reason, then by language: `not_seen` and `no_movement` where no
movement was refused. `{movements}` and `{repetitions}` are their number and noun."""


def uncounted(time_us: int) -> list[Message]:
    """The final counter and the summary of a video without an exercise, which hosts wait for too;
    `time_us` is its last frame's time."""
    counter = Counter(current_count=0, final=True, timestampMs=round(time_us / 1000, 1))
    summary = ExerciseSummary(
        exercise="", counter=0, avg_rep_score=0.0, avg_similarity=None, grade=None, durationMs=0.0,
        history=(),
    )  # fmt: skip
    return [counter, summary]


class ExerciseReporter:
    """What a tracker finds in one job, put into words. Guidance asks for `joints` (of one side,
    without its prefix), seen from `view`."""

    def __init__(
        self, tracker: Tracker, joints: tuple[str, ...], view: View, options: JobOptions
    ) -> None:
        self._tracker = tracker
        self._options = options
        self.guide = PostureGuide(joints, view, options.language)
        self._count = 0
        self._history: list[Rep] = []
        self._scores: list[float] = []
        self._form: FormScore | None = None
        self._reference: ReferenceScore | None = None
        self._progress = 0.0
        self._live: float | None = None
        self._advice: tuple[str, ...] = ()
        self._seen = False

    def span(self, frames: Frames, said: list[list[Message]], hud: list[HudFrame]) -> None:
        """Adds to what is `said` in each of n frames, and to `hud`."""
        events, times = self._tracker.span(frames), frames.times_us.tolist()
        self._seen = self._seen or bool(frames.known.any())
        postures = chain.from_iterable(self.guide.blocks(frames))
        for time, event, posture, messages in zip(times, events, postures, said, strict=True):
            messages += posture
            messages += self._said(event, time)
            grade = self._form.grade if self._form else None
            hud.append(HudFrame(time, self._count, event.progress / 100, grade))

    def closing(self, time_us: int) -> list[Message]:
        """What the media's end decides, the final counter and the summary, which knows nothing of
        the clip itself; where nothing counts, why."""
        event, tracker = self._tracker.finish(), self._tracker
        messages = self._counted(event, time_us) + self._advised(event)
        if self._count == 0 and self._seen and not tracker.holds:
            messages += self._why_nothing()
        history = sorted(self._history, key=lambda rep: rep.startMs)
        average = self._average()
        summary = ExerciseSummary(
            exercise=tracker.name,
            counter=self._count,
            avg_rep_score=average,
            avg_similarity=round(average / 100, 3) if self._options.reference else None,
            grade=grade_of(average) if self._scores else None,
            durationMs=0.0,
            history=tuple(
                msgspec.structs.replace(rep, index=number) for number, rep in enumerate(history, 1)
            ),
            recognised=tracker.recognised,
        )
        return [*messages, self._counter(round(time_us / 1000, 1), final=True), summary]

    def result(self, person_frames: int, frames: int) -> Result:
        """The job's result."""
        average = self._average() if self._scores else None
        return Result(
            count=self._count,
            seconds=float(self._count) if self._tracker.holds else None,
            avgScore=average,
            grade=grade_of(average) if average is not None else None,
            personFrames=person_frames,
            frames=frames,
        )

    def _said(self, event: FrameEvent, time_us: int) -> list[Message]:
        messages: list[Message] = []
        if self._options.progression and abs(event.progress - self._progress) >= 1:
            self._progress = float(int(event.progress))
            messages.append(Progression(value=self._progress, current_count=self._count))
        messages += self._counted(event, time_us)
        if event.reps:
            self._live = None
        elif event.live is not None and (self._live is None or abs(event.live - self._live) >= 1):
            self._live = event.live
            messages.append(self._live_score(event.live))
        return messages + self._advised(event)

    def _counted(self, event: FrameEvent, time_us: int) -> list[Message]:
        """Takes the attempts, or the seconds held, of an event."""
        messages: list[Message] = []
        self._history += event.reps
        for rep in event.reps:
            if rep.counted:
                self._scores.append(rep.formScore)
                self._reference = rep.referenceScore
                self._form = self._form_score(rep.formScore, rep.criteria)
                messages += self._count_to(self._count + 1, rep.endMs)
        if event.form is not None:
            # of all that was held so far
            self._scores = [event.form.score]
            self._form = self._form_score(event.form.score, event.form.criteria)
        if event.seconds is not None:
            messages += self._count_to(event.seconds, round(time_us / 1000, 1))
        return messages

    def _count_to(self, count: int, time_ms: float) -> list[Message]:
        self._count = count
        return [*self.guide.force_ready(), self._counter(time_ms)]

    def _counter(self, time_ms: float, *, final: bool = False) -> Counter:
        return Counter(
            current_count=self._count, final=final, form_score=self._form,
            reference_score=self._reference, timestampMs=time_ms,
        )  # fmt: skip

    def _average(self) -> float:
        return round(sum(self._scores) / len(self._scores), 1) if self._scores else 0.0

    def _form_score(self, score: float, criteria: tuple[CriterionScore, ...] | None) -> FormScore:
        average, grade = self._average(), grade_of(score)
        return FormScore(score=score, avg_score=average, grade=grade, criteria=criteria)

    def _live_score(self, score: float) -> FormScoreMessage:
        average, grade = self._average() if self._scores else score, grade_of(score)
        count = self._count
        return FormScoreMessage(score=score, avg_score=average, grade=grade, current_count=count)

    def _advised(self, event: FrameEvent) -> list[Message]:
        if event.advice is None or event.advice == self._advice:
            return []
        self._advice = event.advice
        if not self._options.recommendations:
            return []
        data = tuple(advice_text(code, self._options.language) for code in event.advice)
        return [Recommendations(data=data, codes=event.advice)]

    def _why_nothing(self) -> list[Message]:
        code, text = why_nothing(self._history, self._options.language, self.guide.ready_once)
        messages: list[Message] = [
            Posture(message=text, direction="in-frame", ready=False, requirements=())
        ]
        if self._options.recommendations:
            messages.append(Recommendations(data=(text,), codes=(code,)))
        return messages


def why_nothing(history: Sequence[Rep], language: str, seen: bool) -> tuple[str, str]:
    """Code and sentence of why none of `history` counts, by what refused most; `seen` says whether
    the needed joints were ever in the picture together. Raises KeyError for an unknown language."""
    reasons = Tally(rep.reason for rep in history if rep.reason)
    reason, number = "no_movement" if seen else "not_seen", 0
    if reasons:
        reason, number = reasons.most_common(1)[0]
    movements, repetitions = (
        f"{number} {REFUSALS[noun + 's' * (number > 1)][language]}"
        for noun in ("movement", "repetition")
    )
    text = REFUSALS[reason][language]
    return reason, text.format(movements=movements, repetitions=repetitions)
