"""Excursions of progress: out from the start pose and back, with hysteresis.

The thresholds are parts of the excursion itself, so a subject who never locks out, and a pulse at
the bottom, are both read for what they are: the one returns as far as it started, the other does
not return.
"""

from __future__ import annotations

import math
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
    at frame `first` (-1 before any start pose was seen) and takes `longest` seconds at most."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._frame, self._seconds, self._progress = -1, 0.0, 0.0
        self._reset()

    def _reset(self) -> None:
        self.out = False
        self.first, self._began_at = -1, 0.0
        self._low, self._peak = math.inf, 0.0

    def step(self, frame: int, seconds: float, progress: float) -> Excursion | None:
        """The excursion that ends at this frame, if one does; `progress` is nan where it is not
        seen."""
        if math.isnan(progress):
            if seconds - self._seconds > LOST_S:
                self._reset()
            return None
        self._frame, self._seconds, self._progress = frame, seconds, progress
        if self.out:
            self._peak = max(self._peak, progress)
            found = self._ended(RETURN_SHARE)
            if found is None and seconds - self._began_at > self._longest:
                self._settle()
            return found
        self._low = min(self._low, progress)
        if progress <= self._low + START_BAND:
            self.first, self._began_at = frame, seconds
        elif progress - self._low >= RISE_PROGRESS:
            self.out, self._peak = True, progress
        return None

    def finish(self) -> Excursion | None:
        """The excursion that the media's end cut, if most of its way back was done."""
        return self._ended(CUT_SHARE) if self.out else None

    def done(self, deep: float) -> float:
        """0-100 of the excursion in progress: half for the way out, which is `deep`, half for the
        way back from there."""
        size = self._peak - self._low
        out = (size - RISE_PROGRESS) / max(deep - RISE_PROGRESS, 0.1)
        if out < 1:
            return 50.0 * max(out, 0.0)
        back = (self._peak - self._progress) / ((1 - RETURN_SHARE) * size)
        return min(50.0 + 50.0 * max(back, 0.0), 99.0)

    def _ended(self, left: float) -> Excursion | None:
        """The excursion, if no more than the share `left` of it is left."""
        if self._progress > self._low + left * (self._peak - self._low):
            return None
        found = Excursion(self.first, self._frame, self._low, self._peak)
        self._settle()
        return found

    def _settle(self) -> None:
        self.out = False
        self.first, self._began_at, self._low = self._frame, self._seconds, self._progress
