"""Cycles of a curve of progress: from a low over a high to the next low."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.reps.fusion import NOISE

LEAST = 2 * NOISE
"""Share of a full repetition that the curve must rise and fall by to have turned: twice what a good
signal strays by."""

BREAK = 1.5
"""Seconds unseen that part what comes before from what comes after."""

NEAR = 0.1
"""Share of the way at both ends of a cycle that is still rest."""


class Cycle(NamedTuple):
    """Rows of the low before it, `start`, of its `turn` and of the low after it, `end`; how far the
    curve went `out` and came `back`, and its level at the turn, `peak`. `opens` and `closes` say
    that what is before or after it was not seen, `lost` that this was amid what is known. See
    `Turns.trimmed`."""

    start: int
    turn: int
    end: int
    out: float
    back: float
    peak: float
    opens: bool
    closes: bool
    lost: bool = False

    @property
    def size(self) -> float:
        """The lesser of both ways."""
        return min(self.out, self.back)

    @property
    def whole(self) -> bool:
        """Whether it came back about as far as it went."""
        return self.size >= 0.5 * max(self.out, self.back)


def usual_size(cycles: list[Cycle]) -> float:
    """The usual size of the whole cycles, of the parts where there is no whole one."""
    sizes = [cycle.size for cycle in cycles if cycle.whole]
    return usual_of(sizes or [max(cycle.out, cycle.back) for cycle in cycles])


def usual_of(values: list[float]) -> float:
    """The median of positive values, each weighing as much as it is large: many small ones do not
    outweigh a few large ones; 0 where there is none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    below = np.cumsum(ordered)
    return ordered[int(np.searchsorted(below, 0.5 * below[-1]))]


class Turns:
    """Where a curve [n] turns, nan where nothing is known: its extremes that are at least LEAST
    from each other, and the ends of what was seen without a BREAK."""

    def __init__(self, seconds: Floats, curve: Floats) -> None:
        known = np.flatnonzero(np.isfinite(curve))
        values, breaks = curve[known], np.flatnonzero(np.diff(seconds[known]) > BREAK)
        steps = np.diff(values)
        bends = np.ones(len(known), np.bool_)
        bends[1:-1] = steps[:-1] * steps[1:] <= 0
        bends[breaks] = bends[breaks + 1] = True
        places = np.flatnonzero(bends)
        parts = np.split(places, np.searchsorted(places, breaks, side="right"))
        self._rows: list[int] = known.tolist()
        self._values: list[float] = values.tolist()
        self._parts: list[tuple[list[int], list[float]]] = []
        for part in parts if len(known) else ():
            rows, levels = known[part].tolist(), values[part].tolist()
            # the extremes farther from each other are some of these
            kept = [0, *(place for _, place in _extremes(levels, LEAST)), len(part) - 1]
            self._parts.append(([rows[one] for one in kept], [levels[one] for one in kept]))

    def cycles(self, turn: float) -> list[Cycle]:
        """The cycles in order; what wavers by less than `turn`, LEAST or more, on its way is one
        cycle."""
        last = len(self._parts) - 1
        return [
            cycle._replace(lost=(cycle.opens and part > 0) or (cycle.closes and part < last))
            for part, (rows, values) in enumerate(self._parts)
            for cycle in _of_part(rows, values, turn)
        ]

    def trimmed(self, cycle: Cycle) -> Cycle:
        """The cycle without the rests around it."""
        rows, values = self._rows, self._values
        first, turn, last = (bisect_left(rows, row) for row in (cycle.start, cycle.turn, cycle.end))
        before, peak, after = values[first], values[turn], values[last]
        rest = before + NEAR * (peak - before)
        start = next(
            (place for place in range(turn, first - 1, -1) if values[place] <= rest), first
        )
        rest = after + NEAR * (peak - after)
        end = next((place for place in range(turn, last + 1) if values[place] <= rest), last)
        return cycle._replace(start=rows[start], end=rows[end])


def _of_part(rows: list[int], values: list[float], turn: float) -> list[Cycle]:
    extremes = _extremes(values, turn)
    cycles = []
    for place, (high, row) in enumerate(extremes):
        if not high:
            continue
        opens, closes = place == 0, place >= len(extremes) - 1
        low = 0 if opens else extremes[place - 1][1]
        after = len(values) - 1 if closes else extremes[place + 1][1]
        peak = values[row]
        out, back = peak - values[low], peak - values[after]
        closes = closes or place + 1 == len(extremes) - 1
        cycles.append(Cycle(rows[low], rows[row], rows[after], out, back, peak, opens, closes))
    return cycles


def _extremes(values: list[float], turn: float) -> list[tuple[bool, int]]:
    """Highs (True) and lows in turn, each at least `turn` from the next; the last one is where the
    curve was farthest since the one before."""
    extremes: list[tuple[bool, int]] = []
    high = low = 0
    rising: bool | None = None
    for place, value in enumerate(values):
        if value > values[high]:
            high = place
        if value < values[low]:
            low = place
        if rising is not False and value < values[high] - turn:
            extremes.append((True, high))
            rising, low = False, place
        elif rising is not True and value > values[low] + turn:
            extremes.append((False, low))
            rising, high = True, place
    if extremes:
        extremes.append((True, high) if rising else (False, low))
    return extremes
