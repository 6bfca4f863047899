"""How far the repetition in progress is, from the frames so far; nothing is decided by it."""

from __future__ import annotations

import math

import numpy as np

from worker.motion.reps.counter import Counted
from worker.motion.reps.signals import Rows

LEAVES, TURNS, RETURNS = 0.25, 0.6, 0.15
"""Shares of the usual size at which a movement has left the start pose, is far enough to be a
repetition, and is back."""

FALLS = 0.15
"""Share of its height that the curve must fall by to have turned."""


class LiveProgress:
    """Progress 0-100 of each frame: half on the way out, half on the way back."""

    def __init__(self) -> None:
        self._counted: Counted | None = None
        self._top = 0.0
        self._value = 0.0
        self.since = -1
        """Frame at which the movement in progress began; -1 at rest."""

    def calibrate(self, counted: Counted) -> None:
        """Measures from here on by what was counted so far."""
        self._counted = counted

    @property
    def stature(self) -> float | None:
        """Stature in frame heights that rows must be measured by; None before it is known."""
        return self._counted.stature if self._counted else None

    def shares(self, rows: Rows) -> list[float]:
        """How far each of n rows is by the usual size: that of the farther side."""
        if self._counted is None:
            return [0.0] * len(rows.seconds)
        usual = max(self._counted.usual, LEAVES)
        farthest = np.full(len(rows.seconds), -np.inf)
        for side in self._counted.sides:
            curve = side.calibration.curve(*rows.of(side.side)) - side.rest
            farthest = np.fmax(farthest, curve / usual)
        found: list[float] = farthest.tolist()
        return found

    def steps(self, first: int, shares: list[float]) -> list[float]:
        """Progress of each of the n frames from number `first`, by their shares."""
        return [self._step(frame, share) for frame, share in enumerate(shares, first)]

    def _step(self, frame: int, share: float) -> float:
        if not math.isfinite(share):
            return self._value
        if self.since < 0:
            self._value = 0.0
            if share >= LEAVES:
                self.since, self._top = frame, share
            return self._value
        self._top = max(self._top, share)
        if share <= RETURNS * max(self._top, 1.0):
            self._value = 100.0 if self._top >= TURNS else 0.0
            self.since = -1
        elif self._top >= TURNS and share <= (1 - FALLS) * self._top:
            back = (self._top - share) / ((1 - RETURNS) * self._top)
            self._value = max(self._value, min(50 + 50 * back, 99.0))
        else:
            self._value = max(self._value, min(50 * share, 50.0))
        return self._value
