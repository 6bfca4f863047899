"""Cycles of a curve of progress: from a low over a high to the next low."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Floats

LEAST = 0.12
"""Share of a full repetition that the curve must rise and fall by to have turned: twice the noise
of a good signal (see `fusion.NOISE`)."""

BREAK = 1.5
"""Seconds unseen that part what comes before from what comes after."""

NEAR = 0.1
"""Share of the way at both ends of a cycle that is still rest."""


BEAT = 0.6
"""Share of the period, below which two turns are one: the joints of both legs were taken for each
other for a moment, which halves a cycle."""

FASTEST = 0.2
"""Seconds from one leg's turn to the other's at least: sprinters take five steps a second."""

PERIODIC = 0.15
"""Autocorrelation from which a curve has a period."""

RATE = 30.0
"""Samples per second that the period is looked for in."""


@dataclass(frozen=True)
class Cycle:
    """Rows of the low before it, `start`, of its `turn` and of the low after it, `end`; how far the
    curve went `out` and came `back`, and its level at the turn, `peak`. `opens` and `closes` say
    that what is before or after it was not seen. See `trimmed`."""

    start: int
    turn: int
    end: int
    out: float
    back: float
    peak: float
    opens: bool
    closes: bool

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


def cycles_of(seconds: Floats, curve: Floats, turn: float = LEAST) -> list[Cycle]:
    """The cycles of a curve [n] with nan where nothing is known, in order; what wavers by less than
    `turn` on its way is one cycle."""
    known = np.flatnonzero(np.isfinite(curve))
    if not len(known):
        return []
    parts = np.split(known, np.flatnonzero(np.diff(seconds[known]) > BREAK) + 1)
    return [cycle for rows in parts for cycle in _of_part(curve, rows, turn)]


def _of_part(curve: Floats, rows: NDArray[np.intp], turn: float) -> list[Cycle]:
    values = curve[rows]
    extremes = _extremes(values, turn)
    cycles = []
    for place, (high, row) in enumerate(extremes):
        if not high:
            continue
        opens, closes = place == 0, place >= len(extremes) - 1
        low = 0 if opens else extremes[place - 1][1]
        after = len(values) - 1 if closes else extremes[place + 1][1]
        peak = float(values[row])
        out, back = peak - float(values[low]), peak - float(values[after])
        closes = closes or place + 1 == len(extremes) - 1
        begin, end = int(rows[low]), int(rows[after])
        cycles.append(Cycle(begin, int(rows[row]), end, out, back, peak, opens, closes))
    return cycles


def in_time(cycles: list[Cycle], seconds: Floats, curve: Floats) -> list[Cycle]:
    """The cycles of a movement that keeps time, those that are too near to each other in one."""
    nearest = BEAT * period(seconds, curve)
    merged: list[Cycle] = []
    for cycle in cycles:
        if merged and seconds[cycle.turn] - seconds[merged[-1].turn] < nearest:
            before = merged.pop()
            higher = max(before, cycle, key=lambda one: one.peak)
            out, back = (
                higher.peak - before.peak + before.out,
                higher.peak - cycle.peak + cycle.back,
            )
            cycle = replace(higher, start=before.start, end=cycle.end, out=out, back=back)
        merged.append(cycle)
    return merged


def period(seconds: Floats, curve: Floats) -> float:
    """Seconds after which a curve repeats itself first; 0 where it does not."""
    known = np.isfinite(curve)
    if known.sum() < 3:
        return 0.0
    times = np.arange(seconds[known][0], seconds[known][-1], 1 / RATE)
    values = np.interp(times, seconds[known], curve[known])
    values = values - values.mean()
    lags = len(times) // 2
    sums = np.correlate(values, values, "full")[len(times) - 1 :][:lags]
    alike = sums / np.arange(len(times), len(times) - lags, -1) / (values.var() + 1e-9)
    peaks = (alike[1:-1] > alike[:-2]) & (alike[1:-1] >= alike[2:]) & (alike[1:-1] >= PERIODIC)
    found = np.flatnonzero(peaks) + 1
    found = found[found >= FASTEST * RATE]
    return float(found[0]) / RATE if len(found) else 0.0


def trimmed(cycle: Cycle, curve: Floats) -> Cycle:
    """The cycle without the rests around it, its turn in the middle of where it stays near its
    height."""
    rows = np.flatnonzero(np.isfinite(curve[cycle.start : cycle.end + 1])) + cycle.start
    values = curve[rows]
    turn = int(np.searchsorted(rows, cycle.turn))
    start, end = _movement(values, turn)
    middle = _middle_of_top(values, turn)
    return replace(cycle, start=int(rows[start]), turn=int(rows[middle]), end=int(rows[end]))


def _movement(values: Floats, turn: int) -> tuple[int, int]:
    """Where the movement begins and ends between the lows around a turn."""
    first, high, last = float(values[0]), float(values[turn]), float(values[-1])
    resting = np.flatnonzero(values[: turn + 1] <= first + NEAR * (high - first))
    rested = np.flatnonzero(values[turn:] <= last + NEAR * (high - last))
    start = int(resting[-1]) if len(resting) else 0
    return start, turn + int(rested[0]) if len(rested) else len(values) - 1


def _middle_of_top(values: Floats, turn: int) -> int:
    """The middle of the frames around a turn that are near its height: one that is held has no one
    place."""
    high = values[turn] - NEAR * (values[turn] - min(values[0], values[-1]))
    below = np.flatnonzero(values < high)
    place = int(np.searchsorted(below, turn))
    first = int(below[place - 1]) + 1 if place else 0
    last = int(below[place]) - 1 if place < len(below) else len(values) - 1
    return (first + last) // 2


def _extremes(values: Floats, turn: float) -> list[tuple[bool, int]]:
    """Highs (True) and lows in turn, each at least `turn` from the next; the last one is where the
    curve was farthest since the one before."""
    steps = np.diff(values)
    bends = np.flatnonzero(steps[:-1] * steps[1:] <= 0) + 1
    places = [0, *bends.tolist(), len(values) - 1]
    extremes: list[tuple[bool, int]] = []
    high = low = 0
    rising: bool | None = None
    for place, value in zip(places, values[places].tolist(), strict=True):
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
