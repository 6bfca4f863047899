"""Follows one rep exercise through a job's frames: cycles, their judgement, live feedback."""

from __future__ import annotations

import numpy as np

from worker.contract.grades import grade_of
from worker.contract.message_parts import Rep
from worker.exercises.model import RepExercise
from worker.motion.features.features import Floats
from worker.motion.frames.span import Frames
from worker.motion.reps.form_score import SEEN, UNKNOWN, Window, criteria_of, form_of
from worker.motion.reps.frame_events import NOTHING, FrameEvent
from worker.motion.reps.signals import RepRows, Row
from worker.motion.reps.state_machine import RETURN, RISE, Cycle, RepStateMachine

LOST = 1.5
"""Seconds unseen after which a rep in progress is given up."""

LIVE = 0.2
"""Seconds between live form scores at least."""

SAME = 0.35
"""Two sides' peaks closer than this share of the rep's time are one rep of both."""

START = 0.5
"""Most progress at a rep's start: a clip may begin on the way, not at the bottom."""

WHOLE = 0.7
"""Least excursion as a share of the depth asked for."""

WATCHED = 0.6
"""Least share of a rep's frames in which its joints were followed: the rest is guessed."""

TRUST = 0.3
"""Mean joint score over a rep from which one side's word is enough."""

ALONG, IN_STEP = 0.2, 0.6
"""Least excursion of the other side, as a share of this one's, and least correlation of the two, of
sides that do one rep together; sides in turn go against each other."""


class RepTracker:
    """Moments of one rep exercise, frame by frame."""

    def __init__(
        self,
        exercise: RepExercise,
        difficulty: str,
        least_score: float | None,
        rotation: int = 0,
    ) -> None:
        self._exercise = exercise
        self._depth = exercise.depth.of(difficulty)
        self._easy = exercise.depth.easy
        self._least_score = least_score
        self._each = exercise.signal.sides == "each"
        self._rows = RepRows(exercise, rotation)
        channels = 2 if self._each else 1
        at_peak = exercise.at == "peak"
        self._machines = [
            RepStateMachine(exercise.seconds[1], at_peak=at_peak, depth=self._depth)
            for _ in range(channels)
        ]
        self._seen_at = [-1e9] * channels
        self._last: tuple[int, float, float] | None = None
        self._attempts = 0
        self._progress = 0.0
        self._live_at = -1e9
        self._codes: tuple[str, ...] = ()

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One moment for each of n frames."""
        rows = self._rows.add(frames).tolist()
        moments: list[FrameEvent] = []
        for block in frames.blocks:
            starts = [machine.start for machine in self._machines if machine.start >= 0]
            self._rows.forget(rows[block.start][Row.SECONDS], starts)
            moments += [self._step(row) for row in rows[block]]
        return moments

    def finish(self) -> FrameEvent:
        """What the media's end completes."""
        last = self._rows.last()
        if last is None:
            return NOTHING
        row = last.tolist()
        for channel, machine in enumerate(self._machines):
            value = row[Row.LEFT + channel] if self._each else row[Row.PROGRESS]
            cycle = machine.rest_of(int(row[Row.FRAME]), row[Row.SECONDS], value)
            rep = self._judge(cycle, channel) if cycle is not None else None
            if rep is not None:
                return FrameEvent(progress=100.0, rep=rep, advice=self._codes)
        return NOTHING

    def _step(self, row: list[float]) -> FrameEvent:
        frame, seconds = int(row[Row.FRAME]), row[Row.SECONDS]
        rep = None
        for cycle, channel in self._ended(row, frame, seconds):
            rep = rep or self._judge(cycle, channel)
        if rep is not None:
            self._progress = 0.0
            return FrameEvent(progress=100.0 if rep.counted else 0.0, rep=rep, advice=self._codes)
        active = [machine for machine in self._machines if machine.out]
        if not active:
            self._progress = 0.0
            return NOTHING
        self._progress = max(self._progress, *(self._share(m, row) for m in active))
        return FrameEvent(progress=self._progress, live=self._live(active[0], frame, seconds))

    def _ended(self, row: list[float], frame: int, seconds: float) -> list[tuple[Cycle, int]]:
        """The cycles that end here and their channels, the lesser first, whichever side it is."""
        ended = []
        for channel, machine in enumerate(self._machines):
            cycle = self._advance(channel, machine, row, frame, seconds)
            if cycle is not None:
                ended.append((cycle, channel))
        return sorted(ended, key=lambda one: one[0].peak)

    def _advance(
        self, channel: int, machine: RepStateMachine, row: list[float], frame: int, seconds: float
    ) -> Cycle | None:
        seen = row[Row.SEEN_LEFT : Row.SEEN_LEFT + 2]
        if (seen[channel] if self._each else max(seen)) < self._exercise.visible:
            if seconds - self._seen_at[channel] > LOST:
                machine.lost()
            return None
        self._seen_at[channel] = seconds
        value = row[Row.LEFT + channel] if self._each else row[Row.PROGRESS]
        return machine.step(frame, seconds, value)

    def _share(self, machine: RepStateMachine, row: list[float]) -> float:
        """0-100 of the cycle: half for the way out, half for the way back once it was deep."""
        channel = self._machines.index(machine)
        value = row[Row.LEFT + channel] if self._each else row[Row.PROGRESS]
        out = (machine.peak - machine.low - RISE) / max(self._depth - machine.low - RISE, 0.1)
        if out < 1:
            return 50.0 * max(out, 0.0)
        back = (machine.peak - value) / ((1 - RETURN) * (machine.peak - machine.low))
        return min(50.0 + 50.0 * max(back, 0.0), 99.0)

    def _judge(self, cycle: Cycle, channel: int) -> Rep | None:
        """The attempt that `cycle` is; None where it is no rep of this exercise at all."""
        if cycle.peak < self._easy or cycle.low > START:
            return None
        if cycle.excursion < WHOLE * min(self._depth, cycle.peak):
            return None
        rows = self._rows.seen_between(cycle.start, cycle.end, channel)
        span = float(rows[-1, Row.SECONDS] - rows[0, Row.SECONDS])
        if span < self._exercise.seconds[0] or not self._passes(rows, cycle, channel):
            return None
        if not self._travelled(rows) or not self._trusted(cycle, rows, channel):
            return None
        if self._each and self._is_twin(cycle, rows, channel):
            return None
        scores = criteria_of(self._exercise, self._window(rows, cycle.low, cycle.peak, channel))
        form = form_of(self._exercise, scores)
        counted = cycle.peak >= self._depth
        counted = counted and (self._least_score is None or form >= self._least_score)
        self._codes = tuple(
            advice.code
            for advice in self._exercise.advice
            if scores.get(advice.criterion, 100.0) < advice.below
        )
        self._attempts += 1
        start, end = (round(float(rows[i, Row.SECONDS]) * 1000, 1) for i in (0, -1))
        return Rep(
            index=self._attempts, startMs=start, endMs=end, durationMs=round(end - start, 1),
            formScore=form, grade=grade_of(form), counted=counted, criteria=scores,
        )  # fmt: skip

    def _passes(self, rows: Floats, cycle: Cycle, channel: int) -> bool:
        """Whether enough of the rep, and of its deep half, is the exercise at all."""
        progress = self._rows.progress(rows, channel)
        ok = rows[:, Row.OK]
        deep = ok[progress >= cycle.low + 0.5 * cycle.excursion]
        return bool(min(ok.mean(), deep.mean()) >= self._exercise.share)

    def _travelled(self, rows: Floats) -> bool:
        for travel in self._exercise.travels:
            values = self._rows.known(rows, travel.feature)
            # Hidden joints refuse nothing.
            if len(values) < 3:
                continue
            if not travel.minimum <= float(values.max() - values.min()) <= travel.maximum:
                return False
        return True

    def _trusted(self, cycle: Cycle, rows: Floats, channel: int) -> bool:
        if len(rows) < WATCHED * len(self._rows.between(cycle.start, cycle.end)):
            return False
        if not self._each:
            return True
        seen = rows[:, Row.SEEN_LEFT : Row.SEEN_LEFT + 2].mean(axis=0)
        return bool(seen[channel] >= min(TRUST, 0.6 * float(seen.max())))

    def _is_twin(self, cycle: Cycle, rows: Floats, channel: int) -> bool:
        """Whether the other side has just been counted for the same movement."""
        middle = float(self._rows.between(cycle.top, cycle.top)[0, Row.SECONDS])
        span = float(rows[-1, Row.SECONDS] - rows[0, Row.SECONDS])
        last, self._last = self._last, (channel, middle, span)
        if last is None or last[0] == channel:
            return False
        return abs(middle - last[1]) <= SAME * min(span, last[2])

    def _window(self, rows: Floats, low: float, peak: float, channel: int) -> Window:
        progress = self._rows.progress(rows, channel)
        sides = rows[:, Row.LEFT : Row.LEFT + 2]
        other = self._along(rows, channel, peak - low) if self._each else None
        facing = self._rows.known(rows, "frontal")
        return Window(
            seconds=rows[:, Row.SECONDS],
            progress=progress,
            sides=sides,
            seen=rows[:, Row.SEEN_LEFT : Row.SEEN_LEFT + 2],
            features=self._rows.features(rows),
            low=low,
            peak=peak,
            facing=float(facing.mean()) if len(facing) else UNKNOWN,
            paired=not self._each or other is not None,
            other=other,
        )

    def _along(self, rows: Floats, channel: int, excursion: float) -> Floats | None:
        """The other side's progress, if it is seen to move along with this one."""
        own, other = rows[:, Row.LEFT + channel], rows[:, Row.LEFT + 1 - channel]
        if float(rows[:, Row.SEEN_LEFT + 1 - channel].mean()) < SEEN or len(rows) < 3:
            return None
        if float(np.ptp(other)) < ALONG * excursion:
            return None
        return other if float(np.corrcoef(own, other)[0, 1]) > IN_STEP else None

    def _live(self, machine: RepStateMachine, frame: int, seconds: float) -> float | None:
        if seconds - self._live_at < LIVE or frame - machine.start < 3:
            return None
        self._live_at = seconds
        channel = self._machines.index(machine)
        rows = self._rows.seen_between(machine.start, frame, channel)
        window = self._window(rows, machine.low, machine.peak, channel)
        return form_of(self._exercise, criteria_of(self._exercise, window, live=True))
