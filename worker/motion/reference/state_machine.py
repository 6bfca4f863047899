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

TOP = 0.1
"""Share of the excursion that must be given up before a peak is known to be one."""

PASSED = 0.3
"""Seconds without a higher one before a peak is known to be one: a trembling limb falls off its
peak, and comes back, three times a second and faster."""

CUT = 0.45
"""The same at the end of the media, where the start pose is no longer seen."""

FLOOR, CEILING = -0.1, 1.6
"""Callers keep progress within these: one wild frame must not set the start level."""

NEAR = 0.1
"""Progress over the start level that still counts as the start pose when timing the rep."""

LEAST = 0.6
"""Least excursion, as a share of the depth asked for, of a rep whose beginning was not seen."""


@dataclass(frozen=True)
class Cycle:
    """One excursion by row numbers: `low` is progress at its start, `peak` the most reached."""

    start: int
    top: int
    end: int
    low: float
    peak: float

    @property
    def excursion(self) -> float:
        """Progress from start level to peak."""
        return self.peak - self.low


class RepStateMachine:
    """Follows one channel of progress, a row (frame) at a time; pure but for its own state.

    `longest` is the longest rep in seconds. With `at_peak` a cycle is given as soon as its top is
    passed, if that is at least `depth`, and not again on return.
    """

    def __init__(self, longest: float, *, at_peak: bool = False, depth: float = 0.0) -> None:
        self._longest = longest
        self._at_peak = at_peak
        self._depth = depth
        self._reset()

    def _reset(self) -> None:
        self.out = False
        self._low = CEILING
        self._near = -1
        self._near_time = 0.0
        self._peak = 0.0
        self._top = -1
        self._top_time = 0.0
        self._given = False

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

    @property
    def top(self) -> int:
        """Row of `peak`."""
        return self._top

    def step(self, row: int, seconds: float, progress: float) -> Cycle | None:
        """The cycle that ends at this row, if one does."""
        if not self.out:
            self._rest(row, seconds, progress)
            return None
        if progress > self._peak:
            self._peak, self._top, self._top_time = progress, row, seconds
        excursion = self._peak - self._low
        if progress <= self._low + RETURN * excursion:
            return self._close(row, seconds, progress)
        if self._fell(progress) and seconds - self._top_time >= PASSED:
            self._given = self._peak >= self._depth
            if self._given:
                return Cycle(self._near, self._top, row, self._low, self._peak)
        if seconds - self._near_time > self._longest:
            self._settle(row, seconds, progress)
        return None

    def rest_of(self, row: int, seconds: float, progress: float) -> Cycle | None:
        """The cycle that the media's end cut, if most of its way back was done."""
        left = self._low + CUT * (self._peak - self._low)
        back = progress <= left or (self._fell(progress) and self._peak >= self._depth)
        if self.out and not self._given and back:
            return self._close(row, seconds, progress)
        return None

    def _fell(self, progress: float) -> bool:
        """Whether a cycle that counts at its peak has left it, and was not given."""
        gone = progress <= self._peak - TOP * (self._peak - self._low)
        return self._at_peak and not self._given and gone

    def _rest(self, row: int, seconds: float, progress: float) -> None:
        self._low = min(self._low, progress)
        if progress <= self._low + NEAR:
            self._near, self._near_time = row, seconds
        elif progress - self._low >= RISE:
            self.out, self._peak, self._top, self._top_time = True, progress, row, seconds

    def _close(self, row: int, seconds: float, progress: float) -> Cycle | None:
        cycle = Cycle(self._near, self._top, row, self._low, self._peak)
        given = self._given
        self._settle(row, seconds, progress)
        return None if given else cycle

    def _settle(self, row: int, seconds: float, progress: float) -> None:
        self.out = self._given = False
        self._low, self._near, self._near_time = progress, row, seconds
