"""From a tracker's moments to what an exercise says: counts, scores, advice, guidance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import unknown_exercise
from worker.contract.exercises import CATALOGUE
from worker.contract.grades import floor_of, grade_of
from worker.contract.jobs import Result
from worker.contract.media import MediaInfo
from worker.contract.messages import (
    Counter,
    ExerciseSummary,
    FormScoreMessage,
    Message,
    Progression,
    Recommendations,
)
from worker.contract.options import JobOptions
from worker.contract.parts import FormScore, Rep
from worker.exercises import EXERCISES
from worker.exercises.model import RepExercise
from worker.motion.features import Body
from worker.motion.holds import HoldTracker
from worker.motion.hud import HudRecorder
from worker.motion.moments import Moment
from worker.motion.posture import PostureGuide
from worker.motion.track import RepTracker


class Coach:
    """One exercise of one job. Raises JobError `invalid_exercise` where it has no data."""

    def __init__(self, options: JobOptions, media: MediaInfo) -> None:
        self._id = str(options.exercise)
        exercise = EXERCISES.get(self._id)
        if exercise is None:
            raise unknown_exercise(self._id)
        self._options = options
        self._media = media
        least = floor_of(options.minGrade) if options.minGrade else None
        self._tracker: RepTracker | HoldTracker = (
            RepTracker(exercise, options.difficulty, least)
            if isinstance(exercise, RepExercise)
            else HoldTracker(exercise)
        )
        self._texts = {advice.code: advice.texts[options.language] for advice in exercise.advice}
        view = CATALOGUE[self._id].view
        aspect = max(media.width, 1) / max(media.height, 1)
        self._guide = PostureGuide(
            (*exercise.joints, *exercise.guided), view, options.language, aspect
        )
        self._count = 0
        self._history: list[Rep] = []
        self._form: FormScore | None = None
        self._total = 0.0
        self._scored = 0
        self._progress = 0.0
        self._live: float | None = None
        self._advice: tuple[str, ...] = ()

    def block(
        self,
        first: int,
        times_us: NDArray[np.int64],
        body: Body,
        known: NDArray[np.bool_],
        hud: HudRecorder,
    ) -> list[list[Message]]:
        """The messages of each of a block's n frames."""
        moments = self._tracker.block(first, times_us, body, known)
        postures = self._guide.block(times_us, body, known)
        said: list[list[Message]] = []
        for time, moment, posture in zip(times_us.tolist(), moments, postures, strict=True):
            messages: list[Message] = [] if posture is None else [posture]
            messages += self._said(time, moment)
            grade = self._form.grade if self._form else None
            hud.add(time, self._count, moment.progress / 100, grade)
            said.append(messages)
        return said

    def closing(self, time_us: int) -> list[Message]:
        """A rep that the media's end completes, the final counter and the summary."""
        rep = self._tracker.finish().rep
        messages: list[Message] = []
        if rep is not None and self._take(rep):
            messages = self._counted(self._count + 1, time_us)
        final = Counter(
            current_count=self._count, final=True, form_score=self._form,
            timestampMs=round(time_us / 1000, 1),
        )  # fmt: skip
        average = self._average()
        summary = ExerciseSummary(
            exercise=self._id,
            counter=self._count,
            avg_rep_score=average,
            avg_similarity=None,
            grade=grade_of(average) if self._scored else None,
            durationMs=round(self._media.duration_ms, 1),
            history=tuple(self._history),
        )
        return [*messages, final, summary]

    def result(self, person_frames: int, frames: int) -> Result:
        """The job's result."""
        average = self._average() if self._scored else None
        hold = CATALOGUE[self._id].kind == "hold"
        return Result(
            count=self._count,
            seconds=float(self._count) if hold else None,
            avgScore=average,
            grade=grade_of(average) if average is not None else None,
            personFrames=person_frames,
            frames=frames,
        )

    def _average(self) -> float:
        return round(self._total / self._scored, 1) if self._scored else 0.0

    def _take(self, rep: Rep) -> bool:
        """Adds an attempt to the history; whether it counts."""
        self._history.append(rep)
        if not rep.counted:
            return False
        self._total += rep.formScore
        self._scored += 1
        self._form = FormScore(
            score=rep.formScore, avg_score=self._average(), grade=grade_of(rep.formScore)
        )
        return True

    def _said(self, time_us: int, moment: Moment) -> list[Message]:
        messages: list[Message] = []
        if self._options.progression and abs(moment.progress - self._progress) >= 1:
            self._progress = float(int(moment.progress))
            messages.append(Progression(value=self._progress))
        if moment.rep is not None and self._take(moment.rep) and moment.seconds is None:
            messages += self._counted(self._count + 1, time_us)
        if moment.seconds is not None:
            messages += self._counted(moment.seconds, time_us)
        if moment.rep is not None:
            self._live = None
        elif moment.live is not None:
            messages += self._live_score(moment.live)
        if moment.advice is not None and moment.advice != self._advice:
            self._advice = moment.advice
            if self._options.recommendations:
                data = tuple(self._texts[code] for code in moment.advice)
                messages.append(Recommendations(data=data, codes=moment.advice))
        return messages

    def _counted(self, count: int, time_us: int) -> list[Message]:
        self._count = count
        posture = self._guide.force_ready()
        messages: list[Message] = [] if posture is None else [posture]
        messages.append(
            Counter(
                current_count=count, form_score=self._form, timestampMs=round(time_us / 1000, 1)
            )
        )
        return messages

    def _live_score(self, score: float) -> list[Message]:
        if self._live is not None and abs(score - self._live) < 1:
            return []
        self._live = score
        average = self._average() if self._scored else score
        return [FormScoreMessage(score=score, avg_score=average, grade=grade_of(score))]
