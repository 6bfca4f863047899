"""Cycles of progress: out from the start pose and back, with hysteresis.

The thresholds are parts of the rep's own excursion, so a subject who never locks out, and a pulse
at the bottom, are both read for what they are: the one returns as far as it started, the other
does not return.
"""

from __future__ import annotations

from dataclasses import dataclass

RISE = 0.25
"""Progress gained over the start level before an excursion is taken for a rep's beginning."""

RETURN = 0.25
"""Share of the excursion that may be left when the rep is back in its start pose."""

CUT = 0.45
"""Share that may be left at the end of the media, where the start pose is no longer seen."""

FLOOR, CEILING = -0.1, 1.6
"""Callers keep progress within these: one wild frame must not set the start level."""

NEAR = 0.1
"""Progress over the start level that still counts as the start pose when timing the rep."""


@dataclass(frozen=True)
class Cycle:
    """One excursion by row numbers: `low` is progress at its start, `peak` the most reached."""

    start: int
    end: int
    low: float
    peak: float

    @property
    def excursion(self) -> float:
        """Progress from start level to peak."""
        return self.peak - self.low


class RepStateMachine:
    """Follows one channel of progress, a row (frame) at a time; pure but for its own state.

    `longest` is the longest rep in seconds.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._reset()

    def _reset(self) -> None:
        self.out = False
        self._low = CEILING
        self._near = -1
        self._near_time = 0.0
        self._peak = 0.0

    def lost(self) -> None:
        """Nothing was seen for so long that what comes next is a new beginning."""
        self._reset()

    @property
    def start(self) -> int:
        """Row of the start of the excursion in progress."""
        return self._near

    @property
    def low(self) -> float:
        """Progress at the start of the excursion in progress."""
        return self._low

    @property
    def peak(self) -> float:
        """Most progress in the excursion so far."""
        return self._peak

    def step(self, row: int, seconds: float, progress: float) -> Cycle | None:
        """The cycle that ends at this row, if one does."""
        if not self.out:
            self._rest(row, seconds, progress)
            return None
        self._peak = max(self._peak, progress)
        if progress <= self._left(RETURN):
            return self._close(row, seconds, progress)
        if seconds - self._near_time > self._longest:
            self._settle(row, seconds, progress)
        return None

    def rest_of(self, row: int, seconds: float, progress: float) -> Cycle | None:
        """The cycle that the media's end cut, if most of its way back was done."""
        if self.out and progress <= self._left(CUT):
            return self._close(row, seconds, progress)
        return None

    def _left(self, share: float) -> float:
        """Progress at which `share` of the excursion is left."""
        return self._low + share * (self._peak - self._low)

    def _rest(self, row: int, seconds: float, progress: float) -> None:
        self._low = min(self._low, progress)
        if progress <= self._low + NEAR:
            self._near, self._near_time = row, seconds
        elif progress - self._low >= RISE:
            self.out, self._peak = True, progress

    def _close(self, row: int, seconds: float, progress: float) -> Cycle:
        cycle = Cycle(self._near, row, self._low, self._peak)
        self._settle(row, seconds, progress)
        return cycle

    def _settle(self, row: int, seconds: float, progress: float) -> None:
        self.out = False
        self._low, self._near, self._near_time = progress, row, seconds
