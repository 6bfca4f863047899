"""From a tracker's events to what is said of them: counts, scores, advice, guidance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
from worker.motion.feedback.refusals import why_nothing
from worker.motion.form import RepForm
from worker.motion.frames.frames import Frames, HudFrame
from worker.motion.posture.guide import PostureGuide
from worker.motion.recognition.tracker import AutoTracker
from worker.motion.reps.frame_events import FrameEvent, Tracker


def uncounted(time_us: int) -> list[Message]:
    """The final counter and the summary of a video without an exercise, which hosts wait for too;
    `time_us` is its last frame's time."""
    counter = Counter(current_count=0, final=True, timestampMs=round(time_us / 1000, 1))
    summary = ExerciseSummary(
        exercise="", counter=0, avg_rep_score=0.0, avg_similarity=None, grade=None, durationMs=0.0,
        history=(),
    )  # fmt: skip
    return [counter, summary]


@dataclass(frozen=True)
class Target:
    """`name` is what the summary says; `joints` are those of one side, without its prefix, that
    guidance asks for, seen from `view`; `texts` the advice by code. Where the exercise is to be
    recognised, `recogniser` tells its name."""

    name: str
    tracker: Tracker
    joints: tuple[str, ...]
    view: View = "any"
    texts: Mapping[str, str] = field(default_factory=dict)
    hold: bool = False
    reference: bool = False
    recogniser: AutoTracker | None = None


class ExerciseReporter:
    """What is followed in one job, put into words."""

    def __init__(self, target: Target, options: JobOptions) -> None:
        self._target = target
        self._options = options
        self._tracker = target.tracker
        self.guide = PostureGuide(target.joints, target.view, options.language)
        self._reference: ReferenceScore | None = None
        self._count = 0
        self._history: list[Rep] = []
        self._form: FormScore | None = None
        self._total = 0.0
        self._scored = 0
        self._progress = 0.0
        self._live: float | None = None
        self._advice: tuple[str, ...] = ()
        self._seen = False

    def span(self, frames: Frames, hud: list[HudFrame]) -> list[list[Message]]:
        """The messages of each of n frames, whose HudFrames are added to `hud`."""
        events, times = self._tracker.span(frames), frames.times_us.tolist()
        self._seen = self._seen or bool(frames.known.any())
        postures = chain.from_iterable(self.guide.blocks(frames))
        said: list[list[Message]] = []
        for time, event, messages in zip(times, events, postures, strict=True):
            said.append(messages + self._said(time, event))
            grade = self._form.grade if self._form else None
            hud.append(HudFrame(time, self._count, event.progress / 100, grade))
        return said

    def closing(self, time_us: int) -> list[Message]:
        """What the media's end decides, the final counter and the summary, which knows nothing of
        the clip itself; where nothing counts, why."""
        event = self._tracker.finish()
        messages = self._told(event, time_us) + self._advised(event)
        if self._count == 0 and self._seen and not self._holds():
            messages += self._why_nothing()
        final = Counter(
            current_count=self._count, final=True, form_score=self._form,
            reference_score=self._reference, timestampMs=round(time_us / 1000, 1),
        )  # fmt: skip
        average = self._average()
        seen = self._target.recogniser
        summary = ExerciseSummary(
            exercise=seen.name if seen else self._target.name,
            counter=self._count,
            avg_rep_score=average,
            avg_similarity=round(average / 100, 3) if self._target.reference else None,
            grade=grade_of(average) if self._scored else None,
            durationMs=0.0,
            history=tuple(
                msgspec.structs.replace(rep, index=number)
                for number, rep in enumerate(sorted(self._history, key=_start), 1)
            ),
            recognised=seen.recognised if seen else (),
        )
        return [*messages, final, summary]

    def _why_nothing(self) -> list[Message]:
        code, text = why_nothing(self._history, self._options.language, self.guide.ready_once)
        messages: list[Message] = [
            Posture(message=text, direction="in-frame", ready=False, requirements=())
        ]
        if self._options.recommendations:
            messages.append(Recommendations(data=(text,), codes=(code,)))
        return messages

    def result(self, person_frames: int, frames: int) -> Result:
        """The job's result."""
        average = self._average() if self._scored else None
        return Result(
            count=self._count,
            seconds=float(self._count) if self._holds() else None,
            avgScore=average,
            grade=grade_of(average) if average is not None else None,
            personFrames=person_frames,
            frames=frames,
        )

    def _holds(self) -> bool:
        recogniser = self._target.recogniser
        return recogniser.holds if recogniser else self._target.hold

    def _average(self) -> float:
        return round(self._total / self._scored, 1) if self._scored else 0.0

    def _take(self, rep: Rep) -> bool:
        """Adds an attempt to the history; whether it counts."""
        self._history.append(rep)
        if not rep.counted:
            return False
        self._total += rep.formScore
        self._scored += 1
        self._reference = rep.referenceScore
        self._form = self._scored_as(rep.formScore, rep.criteria)
        return True

    def _take_hold(self, form: RepForm) -> None:
        """Takes the form of all that was held so far."""
        self._total, self._scored = form.score, 1
        self._form = self._scored_as(form.score, form.criteria)

    def _scored_as(self, score: float, criteria: tuple[CriterionScore, ...] | None) -> FormScore:
        average, grade = self._average(), grade_of(score)
        return FormScore(score=score, avg_score=average, grade=grade, criteria=criteria)

    def _said(self, time_us: int, event: FrameEvent) -> list[Message]:
        messages: list[Message] = []
        if self._options.progression and abs(event.progress - self._progress) >= 1:
            self._progress = float(int(event.progress))
            messages.append(Progression(value=self._progress, current_count=self._count))
        messages += self._told(event, time_us)
        if event.reps:
            self._live = None
        elif event.live is not None:
            messages += self._live_score(event.live)
        messages += self._advised(event)
        return messages

    def _advised(self, event: FrameEvent) -> list[Message]:
        if event.advice is None or event.advice == self._advice:
            return []
        self._advice = event.advice
        if not self._options.recommendations:
            return []
        data = tuple(self._target.texts[code] for code in event.advice)
        return [Recommendations(data=data, codes=event.advice)]

    def _told(self, event: FrameEvent, time_us: int) -> list[Message]:
        messages: list[Message] = []
        for rep in event.reps:
            if self._take(rep):
                messages += self._counted(self._count + 1, rep.endMs)
        if event.form is not None:
            self._take_hold(event.form)
        if event.seconds is not None:
            messages += self._counted(event.seconds, round(time_us / 1000, 1))
        return messages

    def _counted(self, count: int, time_ms: float) -> list[Message]:
        self._count = count
        counter = Counter(
            current_count=count,
            form_score=self._form,
            reference_score=self._reference,
            timestampMs=time_ms,
        )
        return [*self.guide.force_ready(), counter]

    def _live_score(self, score: float) -> list[Message]:
        if self._live is not None and abs(score - self._live) < 1:
            return []
        self._live = score
        average = self._average() if self._scored else score
        grade = grade_of(score)
        return [
            FormScoreMessage(score=score, avg_score=average, grade=grade, current_count=self._count)
        ]


def _start(rep: Rep) -> float:
    return rep.startMs
