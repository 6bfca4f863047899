"""Movements that keep time: legs in turn, whose cycles cannot come at any moment.

Where one leg is taken for the other for a moment, the curve of what is between them falls to the
bottom and comes back: one cycle looks like two of half the time. The period of the whole curve
does not change by that.
"""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import Cycle

BEAT = 0.6
"""Share of the period, below which two turns are one: a little over the half."""

FASTEST = 0.2
"""Seconds from one leg's turn to the other's at least: sprinters take five steps a second."""

PERIODIC = 0.15
"""Autocorrelation from which a curve repeats itself: of the bench's clips of legs in turn, by four
estimators, the first peak is 0.21 at least."""

RATE = 30.0
"""Samples per second that the period is looked for in."""


def in_time(cycles: list[Cycle], seconds: Floats, curve: Floats) -> list[Cycle]:
    """The `cycles` of a curve [n] at `seconds` [n], those that are too near to each other in
    one."""
    nearest = BEAT * period(seconds, curve)
    merged: list[Cycle] = []
    for cycle in cycles:
        if merged and seconds[cycle.turn] - seconds[merged[-1].turn] < nearest:
            cycle = _together(merged.pop(), cycle)
        merged.append(cycle)
    return merged


def _together(before: Cycle, after: Cycle) -> Cycle:
    higher = max(before, after, key=lambda one: one.peak)
    return higher._replace(
        start=before.start,
        end=after.end,
        out=higher.peak - before.peak + before.out,
        back=higher.peak - after.peak + after.back,
    )


def period(seconds: Floats, curve: Floats) -> float:
    """Seconds after which a curve [n] with nan where nothing is known repeats itself first; 0 where
    it does not."""
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
