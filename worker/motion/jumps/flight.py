"""A free fall in the picture: the parabola of a joint's height over time, and how fast it falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.features.median import median
from worker.motion.jumps.signals import Rows

EDGE = 0.06
"""Share of a flight at either end that its parabola leaves out: legs are not yet hanging."""

ROUNDS = 3

ROUGH, LOW = 0.15, 0.3
"""Most root mean square distance from the parabola, as a share of its height; of a flight of less
than LOW seconds as a share of what it would be then, for keypoints are no surer in a hop."""


@dataclass(frozen=True)
class Parabola:
    """A fitted flight: `apex` seconds, `top` the height there in the picture (y down), `fall` the
    curvature in frame heights per second squared, `error` the root mean square of what is left in
    `frames` frames."""

    apex: float
    top: float
    fall: float
    error: float
    frames: int


def parabola(seconds: Floats, heights: Floats, begin: float, end: float) -> Parabola | None:
    """The parabola through `heights` [n] (y down) between take-off and landing at `begin` and `end`
    seconds; None below 4 frames, or where what is seen does not fall.

    Least squares, twice again with Tukey's weights, so that a lost frame does no harm.
    """
    margin = EDGE * (end - begin)
    first, last = seconds.searchsorted((begin + margin, end - margin)).tolist()
    middle = 0.5 * (begin + end)
    time, height = seconds[first:last] - middle, heights[first:last]
    if len(time) < 4:
        return None
    weight = np.ones_like(time)
    for _ in range(ROUNDS):
        half, slope, level = np.polyfit(time, height, 2, w=weight).tolist()
        left = np.abs(height - np.polyval((half, slope, level), time))
        scale = 6.0 * max(float(median(left)), 1e-5)
        weight = np.maximum(1 - (left / scale) ** 2, 0.0)
    if half <= 0:
        return None
    error = float(np.sqrt(np.average(left * left, weights=weight * weight + 1e-9)))
    return Parabola(
        apex=middle - slope / (2 * half), top=level - slope * slope / (4 * half), fall=2 * half,
        error=error, frames=len(time),
    )  # fmt: skip


def pace(near: Rows, begin: float, end: float, scores: Floats, fall: float) -> float | None:
    """How fast a body falls from `begin` to `end` seconds, by the `fall` that is expected (frame
    heights per second squared): the median of what hips, knees and shoulders show, each side
    weighted by its score in `scores` [17]. None where none of them falls freely with its top in the
    middle.
    """
    span = end - begin
    least = fall * LOW**2
    told = []
    for joint in ("hip", "knee", "shoulder"):
        heights = near.height_of(joint, scores)
        path = None if heights is None else parabola(near.seconds, heights, begin, end)
        if path is None or abs(path.apex - begin - span / 2) > span / 4:
            continue
        if path.error <= ROUGH * max(path.fall * span**2, least) / 8:
            told.append(path.fall / fall)
    return float(np.median(told)) if told else None
