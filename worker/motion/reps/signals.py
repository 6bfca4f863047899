"""A rep exercise's frames as rows of numbers: progress, what was seen, gates and other features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.exercises.model import FrontSignal, RepExercise, Signal
from worker.motion.features.features import Body, Floats, feature, merged
from worker.motion.features.leg_length import OwnLeg
from worker.motion.features.rest_level import RestLevel
from worker.motion.features.roll_correction import RollCorrection
from worker.motion.frames.span import Frames
from worker.motion.reps.state_machine import CEILING, FLOOR

PROFILE, FRONT = 0.25, 0.65
"""Shoulder width by trunk length seen from the side and from the front (0.22 and 0.29 of stature:
Winter 2009, and what pose models leave of it in profile)."""

SURE = 0.25
"""Joint score from which a gate's feature is believed."""

COLUMNS = 8


class Row:
    """Columns of a row, before those of the features."""

    SECONDS = 0
    PROGRESS = 1
    LEFT = 2
    SEEN_LEFT = 4
    OK = 6
    FRAME = 7


class RepRows:
    """Measures frames and keeps the rows of the rep in progress."""

    def __init__(self, exercise: RepExercise, rotation: int) -> None:
        self._exercise = exercise
        self._each = exercise.signal.sides == "each"
        self._upright = RollCorrection(rotation, standing=not exercise.lying)
        self._legs = OwnLeg()
        self._rest = RestLevel()
        names = [c.feature for c in exercise.criteria if c.feature]
        names += ["frontal", *(travel.feature for travel in exercise.travels)]
        self._names = tuple(dict.fromkeys(names))
        self._rows: Floats = np.zeros((0, COLUMNS + len(self._names)))

    def add(self, frames: Frames) -> Floats:
        """The rows [n, COLUMNS] of n frames, which are kept."""
        rows = self._measured(frames)
        self._rows = np.concatenate((self._rows, rows))
        return rows[:, :COLUMNS]

    def forget(self, seconds: float, starts: list[int]) -> None:
        """Drops, before each block, what came before it, whose first frame is at `seconds`, and no
        rep needs: all but the longest rep's time, and what is before the first frame of `starts`
        (of the excursions in progress)."""
        oldest = seconds - self._exercise.seconds[1] - 1.0
        passed = int(np.searchsorted(self._rows[:, Row.SECONDS], oldest))
        if starts:
            passed = max(passed, min(starts) - int(self._rows[0, Row.FRAME]))
        self._rows = self._rows[passed:]

    def last(self) -> Floats | None:
        """The newest row [COLUMNS]; None before there is one."""
        return self._rows[-1, :COLUMNS] if len(self._rows) else None

    def between(self, start: int, end: int) -> Floats:
        """Rows of the frames from `start` to `end`."""
        first = int(self._rows[0, Row.FRAME])
        return self._rows[max(start - first, 0) : end - first + 1]

    def seen_between(self, start: int, end: int, channel: int) -> Floats:
        """Those of them in which the channel was followed."""
        rows = self.between(start, end)
        seen = rows[:, Row.SEEN_LEFT : Row.SEEN_LEFT + 2]
        best = seen[:, channel] if self._each else seen.max(axis=1)
        return rows[best >= self._exercise.visible]

    def progress(self, rows: Floats, channel: int) -> Floats:
        """Progress in `rows`, of one side where each is followed alone."""
        return rows[:, Row.LEFT + channel] if self._each else rows[:, Row.PROGRESS]

    def known(self, rows: Floats, name: str) -> Floats:
        """The values of a feature in those of `rows` where it was seen."""
        values = rows[:, COLUMNS + self._names.index(name)]
        return values[np.isfinite(values)]

    def features(self, rows: Floats) -> dict[str, Floats]:
        """Every feature's values in `rows` by name; nan where it was not seen."""
        return {name: rows[:, COLUMNS + place] for place, name in enumerate(self._names)}

    def _measured(self, frames: Frames) -> Floats:
        exercise, known = self._exercise, frames.known
        seconds = frames.times_us.astype(np.float64) * 1e-6
        body = self._upright.told(seconds, frames.body, known, frames.blocks)
        body = self._legs.with_leg_length(seconds, body, known, frames.blocks)
        seen = body.seen(exercise.joints) * known[:, None]
        ok = known.copy()
        for gate in exercise.gates:
            values, sure = feature(body, gate.feature)
            level = merged(values, sure)
            inside = (level >= gate.low) & (level <= gate.high)
            # A gate refuses what it sees; hidden joints are no reason to.
            ok &= inside | (sure.max(axis=1) < SURE)
        sides = self._progress_of(body, seconds, ok, frames.blocks)
        if exercise.signal.own_rest:
            # Over the subject's own rest by more than the body can: in the air.
            ok &= sides[:, 0] <= CEILING
        sides = np.clip(sides, FLOOR, CEILING)
        columns = [
            seconds, merged(sides, seen), sides[:, 0], sides[:, 1], seen[:, 0], seen[:, 1],
            ok.astype(np.float64), np.arange(frames.first, frames.first + len(seconds)),
        ]  # fmt: skip
        columns += [_sure(*feature(body, name)) for name in self._names]
        return np.stack(columns, axis=1)

    def _progress_of(
        self, body: Body, seconds: Floats, ok: NDArray[np.bool_], blocks: Sequence[slice]
    ) -> Floats:
        signal = self._exercise.signal
        values = feature(body, signal.feature)[0]
        if signal.own_rest:
            stature = merged(*feature(body, "stature"))
            parts = [
                self._rest.shares(seconds[block], values[block, 0], stature[block], ok[block])
                for block in blocks
            ]
            shares = np.concatenate(parts)
            values = np.stack((shares, shares), axis=1)
        sides = _mapped(values, signal)
        if signal.front is not None:
            width = feature(body, "frontal")[0]
            facing = np.clip((width - PROFILE) / (FRONT - PROFILE), 0.0, 1.0)
            share = signal.front.share * facing
            front = _mapped(feature(body, signal.front.feature)[0], signal.front)
            sides = (1 - share) * sides + share * front
        return sides


def _mapped(values: Floats, signal: Signal | FrontSignal) -> Floats:
    """Progress of a feature's values."""
    return (values - signal.rest) / (signal.full - signal.rest)


def _sure(values: Floats, seen: Floats) -> Floats:
    """Mean [n] of the sides; nan where neither is seen well."""
    mean = merged(values, seen)
    mean[seen.max(axis=1) < SURE] = np.nan
    return mean
