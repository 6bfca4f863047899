"""Follows one hold through a job's frames: time in the pose, in whole seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.exercises.model import HoldExercise, Limit
from worker.motion.features.body_segments import Body, Floats
from worker.motion.features.measures import Sight, is_length, stature, statures, visibility, whole
from worker.motion.features.rolling_range import trailing_ranges
from worker.motion.form import HoldForm, advice_codes
from worker.motion.frames.frames import Frames
from worker.motion.reps.frame_events import NOTHING, FrameEvent

ENTER_S = 1.0
"""Seconds in the pose before a hold has begun; they count once it has."""

LEAVE_S = 0.6
"""Seconds out of the pose before a hold is over; they never count."""

UNSEEN_S = 5.0
"""Longest loss of sight, in seconds, within a hold that still counts: the pose before and after it
is proof."""

STILL_S = 1.0
"""Seconds over which the features of `still` must not range too far."""

SEEN_WEIGHT = 0.3
"""Weight from which a measure has a say."""

MEMORY_S = 60.0
"""Seconds that the subject's size is told by."""

STEP_S = 0.5
"""Longest time between two frames, in seconds, that is taken for held."""


class HoldTracker:
    """Moments of one hold, frame by frame.

    A frame shows the pose, shows that it is not held, or does not tell (nobody, or needed joints
    hidden, as in a cut to a close-up). Time that does not tell counts when it ends in the pose
    again soon enough.
    """

    def __init__(self, exercise: HoldExercise, aspect: float = 1.0) -> None:
        self._exercise = exercise
        self._aspect = aspect
        self._form = HoldForm(exercise.id)
        self._seconds_counted = 0.0
        self._trying = 0.0
        self._hidden = 0.0
        self._left = 0.0
        self._before: float | None = None
        self._on = False
        self._unsettled = 0.0
        self._told: Floats = np.zeros((0, 5))
        self._recent: Floats = np.zeros((0, 1 + len(exercise.still)))

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""
        seconds = frames.times_us.astype(np.float64) * 1e-6
        body = frames.body
        sight = Sight(body, visibility(body, self._aspect))
        tells = frames.known & (sight.seen(*self._exercise.joints).max(axis=1) >= SEEN_WEIGHT)
        tells &= whole(sight, self._exercise.pose[0].measure)[1] >= SEEN_WEIGHT
        told = np.where(tells[:, None], statures(sight), np.nan)
        pose = [_seen(*whole(sight, limit.measure), tells) for limit in self._exercise.pose]
        still = [_seen(*whole(sight, limit.measure), tells) for limit in self._exercise.still]
        events: list[FrameEvent] = []
        for block in frames.blocks:
            size = self._stature(seconds[block], told[block])
            good = tells[block].copy()
            for limit, values in zip(self._exercise.pose, pose, strict=True):
                good &= _within(values[block], limit, size)
            steady = self._still(seconds[block], [values[block] for values in still], size)
            rows = zip(
                seconds[block].tolist(), tells[block].tolist(), good.tolist(), steady.tolist(),
                strict=True,
            )  # fmt: skip
            events += [self._step(*row) for row in rows]
            self._judge(seconds[block], body, good & steady, events, block)
        return events

    def _stature(self, seconds: Floats, told: Floats) -> float:
        """The subject's size by what was seen of it lately, in frame heights."""
        rows = np.concatenate((seconds[:, None], told), axis=1)
        lately = self._told[self._told[:, 0] >= seconds[0] - MEMORY_S]
        self._told = np.concatenate((lately, rows))
        return stature(self._told[:, 1:])

    def _judge(
        self,
        seconds: Floats,
        body: Body,
        steady: NDArray[np.bool_],
        events: list[FrameEvent],
        block: slice,
    ) -> None:
        """Adds the form so far to those `events` of a block that count a second."""
        rows = np.flatnonzero(steady)
        if len(rows):
            at = rows + block.start
            self._form.add(seconds[rows], Body(x=body.x[at], y=body.y[at], score=body.score[at]))
        for place in range(block.start, block.stop):
            if events[place].seconds is not None:
                form = self._form.form()
                codes = advice_codes(self._exercise.id, [form])
                events[place] = events[place]._replace(form=form, advice=codes)

    def _still(self, seconds: Floats, measures: list[Floats], size: float) -> NDArray[np.bool_]:
        """Which frames [n] end a second of little movement, as far as it was seen."""
        rows = np.stack((seconds, *measures), axis=1)
        oldest = seconds[0] - STILL_S - 1e-9
        self._recent = np.concatenate((self._recent[self._recent[:, 0] >= oldest], rows))
        first = np.searchsorted(self._recent[:, 0], seconds - STILL_S - 1e-9)
        last = np.arange(len(self._recent) - len(rows), len(self._recent))
        ranges, frames = trailing_ranges(self._recent[:, 1:], first, last)
        limits = [_scaled(limit, size) * limit.high for limit in self._exercise.still]
        still: NDArray[np.bool_] = (frames < 2) | (ranges <= limits).all(axis=1)
        return still

    def finish(self) -> FrameEvent:
        """Nothing more: a second that is not whole does not count."""
        return FrameEvent()

    def _step(self, seconds: float, tells: bool, good: bool, still: bool) -> FrameEvent:
        elapsed = 0.0 if self._before is None else seconds - self._before
        self._before = seconds
        whole = int(self._seconds_counted)
        if not tells:
            self._hidden += elapsed
        elif good and still:
            # A still second began a second ago; it was the pose from its first good frame on.
            self._hold(min(elapsed, STEP_S))
            if self._on:
                self._seconds_counted += min(self._unsettled, 0.9 * STILL_S)
                self._unsettled = 0.0
        else:
            self._unsettled = self._unsettled + min(elapsed, STEP_S) if good else 0.0
            # After a cut it takes a second to be seen still again.
            if not good or self._unsettled > STILL_S:
                self._leave(elapsed)
        if not self._on and int(self._seconds_counted) == whole:
            return NOTHING
        counted = int(self._seconds_counted) if int(self._seconds_counted) != whole else None
        progress = 100.0 * (self._seconds_counted - int(self._seconds_counted)) if self._on else 0.0
        return FrameEvent(progress=progress, seconds=counted)

    def _hold(self, elapsed: float) -> None:
        if self._hidden > UNSEEN_S:
            self._on, self._trying = False, 0.0
        if self._on:
            self._seconds_counted += elapsed + self._hidden
        else:
            self._trying += elapsed
            if self._trying >= ENTER_S:
                self._on, self._seconds_counted, self._trying = (
                    True,
                    self._seconds_counted + self._trying,
                    0.0,
                )
        self._hidden = self._left = 0.0

    def _leave(self, elapsed: float) -> None:
        # What was hidden stays pending: frames beside a cut are blends and may refuse the pose.
        self._left += elapsed
        self._trying = 0.0
        if self._left >= LEAVE_S:
            self._on, self._hidden = False, 0.0


def _seen(values: Floats, weights: Floats, tells: NDArray[np.bool_]) -> Floats:
    """Values [n] of a measure, nan where it is not seen."""
    seen: Floats = np.where(tells & (weights >= SEEN_WEIGHT), values, np.nan)
    return seen


def _scaled(limit: Limit, size: float) -> float:
    return size if is_length(limit.measure) else 1.0


def _within(values: Floats, limit: Limit, size: float) -> NDArray[np.bool_]:
    """Which frames [n] keep the limit, or do not tell."""
    scale = _scaled(limit, size)
    outside = (values < limit.low * scale) | (values > limit.high * scale)
    return ~outside
