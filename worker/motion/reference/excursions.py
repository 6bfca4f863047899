"""Excursions of progress: out from the start pose and back, with hysteresis.

The thresholds are parts of the excursion itself, so a subject who never locks out, and a pulse at
the bottom, are both read for what they are: the one returns as far as it started, the other does
not return.
"""

from __future__ import annotations

from typing import NamedTuple

RISE_PROGRESS = 0.25
"""Progress gained over the start level before an excursion is taken for a rep's beginning."""

RETURN_SHARE = 0.25
"""Share of the excursion that may be left when the rep is back in its start pose."""

CUT_SHARE = 0.45
"""Share that may be left at the end of the media, where the start pose is no longer seen."""

START_BAND = 0.1
"""Progress over the start level that still counts as the start pose when timing the rep."""

LOST_S = 1.5
"""Seconds unseen after which an excursion is given up."""


class Excursion(NamedTuple):
    """Numbers of the first and last frame, `low`, the progress at its start, and `peak`, the most
    reached."""

    first: int
    last: int
    low: float
    peak: float

    @property
    def size(self) -> float:
        """Progress from start level to peak."""
        return self.peak - self.low


class ExcursionFinder:
    """Follows progress frame by frame. `out` says whether an excursion is in progress, which began
    at frame `first` (-1 before any start pose was seen) from the level `low` and has reached
    `peak`; one that takes more than `longest` seconds is none."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._seen_at = 0.0
        self._reset()

    def _reset(self) -> None:
        self.out = False
        self.first, self._began_at = -1, 0.0
        self.low, self.peak = float("inf"), 0.0

    def step(self, frame: int, seconds: float, progress: float) -> Excursion | None:
        """The excursion that ends at this frame, if one does."""
        self._seen_at = seconds
        if not self.out:
            self._rest(frame, seconds, progress)
            return None
        self.peak = max(self.peak, progress)
        if progress <= self._level(RETURN_SHARE):
            return self._ended(frame, seconds, progress)
        if seconds - self._began_at > self._longest:
            self._settle(frame, seconds, progress)
        return None

    def skip(self, seconds: float) -> None:
        """A frame in which progress is not seen."""
        if seconds - self._seen_at > LOST_S:
            self._reset()

    def finish(self, frame: int, seconds: float, progress: float) -> Excursion | None:
        """The excursion that the media's end cut, if most of its way back was done."""
        if self.out and progress <= self._level(CUT_SHARE):
            return self._ended(frame, seconds, progress)
        return None

    def done(self, progress: float, deep: float) -> float:
        """0-100 of the excursion in progress: half for the way out, which is `deep`, half for the
        way back from there."""
        size = self.peak - self.low
        out = (size - RISE_PROGRESS) / max(deep - RISE_PROGRESS, 0.1)
        if out < 1:
            return 50.0 * max(out, 0.0)
        back = (self.peak - progress) / ((1 - RETURN_SHARE) * size)
        return min(50.0 + 50.0 * max(back, 0.0), 99.0)

    def _level(self, share: float) -> float:
        """Progress at which `share` of the excursion is left."""
        return self.low + share * (self.peak - self.low)

    def _rest(self, frame: int, seconds: float, progress: float) -> None:
        self.low = min(self.low, progress)
        if progress <= self.low + START_BAND:
            self.first, self._began_at = frame, seconds
        elif progress - self.low >= RISE_PROGRESS:
            self.out, self.peak = True, progress

    def _ended(self, frame: int, seconds: float, progress: float) -> Excursion:
        found = Excursion(self.first, frame, self.low, self.peak)
        self._settle(frame, seconds, progress)
        return found

    def _settle(self, frame: int, seconds: float, progress: float) -> None:
        self.out = False
        self.first, self._began_at, self.low = frame, seconds, progress
