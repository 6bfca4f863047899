"""Follows one repetition exercise through a job's frames.

Every few seconds of media all that is known of the last two minutes is counted anew. A repetition
is told at once where it is beyond doubt; what only hindsight shows is told a minute after it, or at
the media's end, with its own times. What was told stays told. Each evaluation depends on the frames
up to it alone, however they were fed.

In the first minute all is counted anew after each movement, too. Later one more movement changes
little of what is usual: then only the last half minute is counted after it, by what is known.
"""

from __future__ import annotations

from worker.contract.grades import grade_of
from worker.contract.message_parts import Rep
from worker.exercises.model import RepExercise
from worker.motion.form import RepForm
from worker.motion.frames.frames import Frames
from worker.motion.reps.attempts import Attempt, twins
from worker.motion.reps.counter import Counted, count, recount
from worker.motion.reps.frame_events import NOTHING, FrameEvent, Tracker
from worker.motion.reps.live_progress import LiveProgress
from worker.motion.reps.scoring import RepScorer
from worker.motion.reps.signals import SignalRows

EVERY_BLOCKS = 16
"""Blocks (of about 0.4 s) from one evaluation to the next, twice as many after the first minute."""

SOON_BLOCKS = (2, 4, 8)
"""Blocks after which the first ones come, for the live progress."""

AFTER_BLOCKS = 2
"""Blocks after the end of a movement, as the live progress sees it, that it is evaluated."""

HINDSIGHT_S = 60.0
"""Seconds of media after a repetition that are looked at before it is told or refused for good, and
before it that calibrate."""

RECENT_S = 30.0
"""Seconds of media before a movement's end that are counted by what is known."""

SETTLED_S = 0.6
"""Seconds of media after a repetition's end before it can be beyond doubt."""

LIKE_SIZE, LIKE_TIME = 1.3, 2.0
"""Factors between the sizes and the times of two repetitions that leave no doubt of each other:
sizes that differ by more may be a warm-up, of which half does not count later, and a way into place
takes twice the usual time (see `attempts.INTO_PLACE`)."""

LISTED_SIZE = 0.3
"""Least size of a movement, in full repetitions, that is told of though it does not count."""

REAL_SIZE = 0.6
"""Least usual size, in full repetitions, that leaves no doubt: less may be a warm-up."""


class RepTracker(Tracker):
    """Events of one repetition exercise, frame by frame; `least_score` is that of `minGrade`."""

    def __init__(self, exercise: RepExercise, difficulty: str, least_score: float | None) -> None:
        self.name = exercise.id
        self._exercise = exercise
        self._difficulty = difficulty
        self._least_score = least_score
        self._rows = SignalRows(exercise)
        self._scorer = RepScorer(exercise, self._rows)
        self._live = LiveProgress()
        self._shares: list[float] = []
        self._blocks = 0
        self._ended = -AFTER_BLOCKS - 1
        self._end = 0
        self._attempts = 0
        self._counted: Counted | None = None
        self._recent: list[Attempt] = []
        self._decided = -1.0
        self._codes: tuple[str, ...] = ()

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""
        self._rows.add(frames)
        self._shares = []
        events: list[FrameEvent] = []
        for block in frames.blocks:
            first, self._end = frames.first + block.start, frames.first + block.stop
            progress = self._progress(first, frames.first + len(frames.times_us))
            reps: tuple[Rep, ...] = ()
            self._blocks += 1
            if 100.0 in progress and self._blocks > self._ended + AFTER_BLOCKS:
                self._ended = self._blocks
            if self._blocks in SOON_BLOCKS or self._blocks % EVERY_BLOCKS == 0 or self._has_ended():
                reps = self._evaluated(float(frames.times_us[block.stop - 1]) * 1e-6)
            events += [FrameEvent(value) if value else NOTHING for value in progress[:-1]]
            live = self._live_form()
            events.append(
                FrameEvent(
                    progress=progress[-1],
                    reps=reps,
                    live=None if live is None else live.score,
                    advice=self._codes if reps else self._scorer.live_advice(live),
                )
            )
        return events

    def finish(self) -> FrameEvent:
        """What the media's end decides."""
        counted = count(self._exercise, self._difficulty, self._rows.rows(0, self._end))
        reps = self._decide(counted, float("inf"))
        return FrameEvent(reps=reps, advice=self._codes if reps else None)

    def _has_ended(self) -> bool:
        """Whether a movement, as the live progress sees it, has just ended."""
        return self._blocks == self._ended + AFTER_BLOCKS

    def _progress(self, first: int, last: int) -> list[float]:
        """Progress of the block from frame `first`; the frames before number `last` are there."""
        if self._live.stature is None:
            return [0.0] * (self._end - first)
        if not self._shares:
            rows = self._rows.rows(first, last, self._live.stature)
            self._shares = self._live.shares(rows)
        frames = self._end - first
        shares, self._shares = self._shares[:frames], self._shares[frames:]
        return self._live.steps(first, shares)

    def _live_form(self) -> RepForm | None:
        """Form of the repetition in progress, once a block."""
        if self._live.since < 0 or self._live.stature is None:
            return None
        return self._scorer.live(self._live.since, self._end, self._live.stature)

    def _evaluated(self, now: float) -> tuple[Rep, ...]:
        """What is told after a block that ends at `now`."""
        exercise, difficulty, known = self._exercise, self._difficulty, self._counted
        if known is None or now <= HINDSIGHT_S or self._blocks % (2 * EVERY_BLOCKS) == 0:
            self._rows.forget(now - 2 * HINDSIGHT_S)
            self._counted = known = count(exercise, difficulty, self._rows.rows(0, self._end))
            self._live.calibrate(known)
            self._shares = []
            return self._decide(known, now - HINDSIGHT_S) + self._sure(known, known, now)
        rows = self._rows.rows(self._rows.since(now - RECENT_S), self._end, known.stature)
        return self._sure(recount(exercise, difficulty, rows, known), known, now)

    def _sure(self, counted: Counted, known: Counted, now: float) -> tuple[Rep, ...]:
        """What is to be told of the attempts that are beyond doubt at `now`: one like them is among
        those `counted` now or `known` before."""
        if counted.usual < REAL_SIZE:
            return ()
        others = [one for one in (*counted.attempts, *known.attempts) if one.reason is None]
        sure = [
            one
            for one in counted.attempts
            if one.reason is None
            and one.whole
            and one.end_s <= now - SETTLED_S
            and self._is_new(one)
            and any(_alike(one, other) for other in others)
        ]
        return tuple(self._tell(attempt) for attempt in sure)

    def _decide(self, counted: Counted, until: float) -> tuple[Rep, ...]:
        """What is to be told, or refused for good, of the attempts that turn before `until`."""
        reps = tuple(
            self._tell(attempt)
            for attempt in counted.attempts
            if attempt.turn_s < until and attempt.size >= LISTED_SIZE and self._is_new(attempt)
        )
        self._decided = max(self._decided, until)
        self._recent = [one for one in self._recent if one.end_s > until - HINDSIGHT_S]
        return reps

    def _is_new(self, attempt: Attempt) -> bool:
        return attempt.turn_s >= self._decided and not any(
            _same(one, attempt) for one in reversed(self._recent)
        )

    def _tell(self, attempt: Attempt) -> Rep:
        form = self._scorer.judged(attempt, self._end)
        reason = attempt.reason
        if reason is None and self._least_score is not None and form.score < self._least_score:
            reason = "below_min_grade"
        self._recent.append(attempt)
        self._attempts += 1
        if reason is None:
            self._codes = self._scorer.advice(form)
        return Rep(
            index=self._attempts,
            startMs=round(1000 * attempt.start_s, 1),
            endMs=round(1000 * attempt.end_s, 1),
            durationMs=round(1000 * (attempt.end_s - attempt.start_s), 1),
            formScore=form.score,
            grade=grade_of(form.score),
            counted=reason is None,
            reason=reason,
            criteria=form.criteria,
        )


def _alike(one: Attempt, other: Attempt) -> bool:
    """Whether two movements are about as large, and as long, as each other, and not the same."""
    (small, large), (short, long) = (
        sorted(pair)
        for pair in ((one.size, other.size), (one.end_s - one.start_s, other.end_s - other.start_s))
    )
    return large <= LIKE_SIZE * small and long <= LIKE_TIME * short and not _same(one, other)


def _same(one: Attempt, other: Attempt) -> bool:
    """Whether two evaluations' attempts are the same movement."""
    if one.side != other.side and None not in (one.side, other.side):
        return twins(one, other)
    return one.start_s <= other.turn_s <= one.end_s or other.start_s <= one.turn_s <= other.end_s
