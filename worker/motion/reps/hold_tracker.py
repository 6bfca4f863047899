"""Follows one hold through a job's frames: time in the pose, in whole seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.exercises.model import HoldExercise, Limit
from worker.motion.features.body_segments import Body, Columns, Floats
from worker.motion.features.measures import is_length, stature, statures, weighted, whole
from worker.motion.features.order_statistics import trailing_ranges
from worker.motion.form import HoldForm, advice_codes
from worker.motion.frames.frames import NO_FRAMES, Frames
from worker.motion.reps.frame_events import NOTHING, FrameEvent, Tracker

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


@dataclass(frozen=True)
class _Rows(Columns):
    """n frames: `seconds` [n], `statures` [n, 4] and the measures of `pose` and `still`, [n, k]
    each; nan where they are not seen. `tells` [n] says whether a frame shows the exercise's joints.
    """

    seconds: Floats
    statures: Floats
    pose: Floats
    still: Floats
    tells: NDArray[np.bool_]


class HoldTracker(Tracker):
    """Events of one hold, frame by frame.

    A frame shows the pose, shows that it is not held, or does not tell (nobody, or needed joints
    hidden, as in a cut to a close-up). Time that does not tell counts when it ends in the pose
    again soon enough.
    """

    def __init__(self, exercise: HoldExercise) -> None:
        self.name, self.holds = exercise.id, True
        self._exercise = exercise
        self._form = HoldForm(exercise.id)
        self._recent = self._measured(NO_FRAMES)
        self._before: float | None = None
        self._on = False
        # seconds: held; in the pose before it counts; unseen; out of the pose; in it but moving
        self._held = self._trying = self._hidden = self._left = self._unsettled = 0.0

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""
        rows = self._measured(frames)
        events: list[FrameEvent] = []
        for block in frames.blocks:
            new = rows[block]
            kept = self._recent[self._recent.seconds >= new.seconds[0] - MEMORY_S]
            self._recent = _Rows.joined([kept, new])
            size = stature(self._recent.statures)
            low, high = _bounds(self._exercise.pose, size)
            good = new.tells & ~((new.pose < low) | (new.pose > high)).any(axis=1)
            steady = self._still(len(new), size)
            steps = zip(
                new.seconds.tolist(), new.tells.tolist(), good.tolist(), steady.tolist(),
                strict=True,
            )  # fmt: skip
            found = [self._step(*step) for step in steps]
            held = np.flatnonzero(good & steady)
            if len(held):
                self._form.add(new.seconds[held], frames.body[held + block.start])
            events += [event if event.seconds is None else self._judged(event) for event in found]
        return events

    def finish(self) -> FrameEvent:
        """Nothing more: a second that is not whole does not count."""
        return NOTHING

    def _measured(self, frames: Frames) -> _Rows:
        body = weighted(frames.body, frames.aspect)
        tells = frames.known & (body.seen(self._exercise.joints).max(axis=1) >= SEEN_WEIGHT)
        tells &= whole(body, self._exercise.pose[0].measure)[1] >= SEEN_WEIGHT
        return _Rows(
            seconds=frames.times_us.astype(np.float64) * 1e-6,
            statures=np.where(tells[:, None], statures(body), np.nan),
            pose=_values(body, self._exercise.pose, tells),
            still=_values(body, self._exercise.still, tells),
            tells=tells,
        )

    def _judged(self, event: FrameEvent) -> FrameEvent:
        """The event with the form of what was held so far."""
        form = self._form.form()
        return event._replace(form=form, advice=advice_codes(self.name, [form]))

    def _still(self, frames: int, size: float) -> NDArray[np.bool_]:
        """Which of the last `frames` end a second of little movement, as far as it was seen."""
        rows = self._recent
        last = np.arange(len(rows) - frames, len(rows))
        first = np.searchsorted(rows.seconds, rows.seconds[last] - STILL_S - 1e-9)
        begin = first[0]
        ranges, seen = trailing_ranges(rows.still[begin:], first - begin, last - begin)
        _, most = _bounds(self._exercise.still, size)
        still: NDArray[np.bool_] = (seen < 2) | (ranges <= most).all(axis=1)
        return still

    def _step(self, seconds: float, tells: bool, good: bool, still: bool) -> FrameEvent:
        elapsed = 0.0 if self._before is None else seconds - self._before
        self._before, before = seconds, int(self._held)
        if not tells:
            self._hidden += elapsed
        elif good and still:
            self._hold(min(elapsed, STEP_S))
        else:
            self._unsettled = self._unsettled + min(elapsed, STEP_S) if good else 0.0
            # After a cut it takes a second to be seen still again.
            if not good or self._unsettled > STILL_S:
                self._leave(elapsed)
        whole = int(self._held)
        if not self._on and whole == before:
            return NOTHING
        progress = 100.0 * (self._held - whole) if self._on else 0.0
        return FrameEvent(progress=progress, seconds=whole if whole != before else None)

    def _hold(self, elapsed: float) -> None:
        if self._hidden > UNSEEN_S:
            self._on, self._trying = False, 0.0
        if self._on:
            self._held += elapsed + self._hidden
        else:
            self._trying += elapsed
            if self._trying >= ENTER_S:
                self._on, self._held, self._trying = True, self._held + self._trying, 0.0
        if self._on:
            # A still second began a second ago; it was the pose from its first good frame on.
            self._held += min(self._unsettled, 0.9 * STILL_S)
            self._unsettled = 0.0
        self._hidden = self._left = 0.0

    def _leave(self, elapsed: float) -> None:
        # What was hidden stays pending: frames beside a cut are blends and may refuse the pose.
        self._left += elapsed
        self._trying = 0.0
        if self._left >= LEAVE_S:
            self._on, self._hidden = False, 0.0


def _values(body: Body, limits: tuple[Limit, ...], tells: NDArray[np.bool_]) -> Floats:
    """Values [n, k] of the measures of `limits`, nan where they are not seen."""
    values = np.full((len(body), len(limits)), np.nan)
    for place, limit in enumerate(limits):
        found, weights = whole(body, limit.measure)
        seen = tells & (weights >= SEEN_WEIGHT)
        values[seen, place] = found[seen]
    return values


def _bounds(limits: tuple[Limit, ...], size: float) -> tuple[Floats, Floats]:
    """Lowest and highest values [k] that keep `limits` of a body of stature `size`."""
    scale = np.array([size if is_length(limit.measure) else 1.0 for limit in limits])
    return np.array([one.low for one in limits]) * scale, np.array([o.high for o in limits]) * scale
