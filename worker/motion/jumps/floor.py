"""Where the floor is in the picture, by the feet that rest on it."""

from __future__ import annotations

from collections import deque

REMEMBERED = 1.0
"""Seconds for which a place of rest holds when a higher one is found: around the top of a hop feet
seem to rest as well, for 0.17 s where they stay within 3.4 cm, and for longer in slow motion."""


class Floor:
    """`level` is the height in the picture (frame heights, y down) of a foot on the floor, None
    where that is not known."""

    def __init__(self) -> None:
        self.level: float | None = None
        self._rests: deque[tuple[float, float]] = deque()

    def forget(self) -> None:
        """Nothing is known any more."""
        self.level = None
        self._rests.clear()

    def landed(self, level: float) -> None:
        """A flight ended at `level`, wherever it began."""
        self.forget()
        self.level = level

    def rested(self, seconds: float, level: float) -> None:
        """The lower foot rests at `level`: the lowest of late is the floor."""
        self._rests.append((seconds, level))
        while self._rests[0][0] < seconds - REMEMBERED:
            self._rests.popleft()
        self.level = max(level for _, level in self._rests)

    def touched(self, low: float) -> None:
        """The lower foot moves at `low`: who hops is on the floor too shortly to rest, and nobody's
        foot is under it."""
        if self.level is not None:
            self.level = max(self.level, low)
