"""A free fall in the picture: the parabola of a joint's height over time, and how fast it falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.features.order_statistics import median
from worker.motion.jumps.signals import Rows

EDGE = 0.06
"""Share of a flight at either end that its parabola leaves out: legs are not yet hanging."""

ROUNDS = 3

ROUGH, LOW = 0.15, 0.3
"""Most root mean square distance from the parabola, as a share of its height; of a flight of less
than LOW seconds as a share of what it would be then, for keypoints are no surer in a hop."""


SIZED = 0.11
"""Standard deviation, as a share, of the fall that gravity lets expect: stature is known to 8 %,
and so is its measure in the picture."""


@dataclass(frozen=True)
class Parabola:
    """A fitted flight: `apex` seconds, `top` the height there in the picture (y down), `fall` the
    curvature in frame heights per second squared, `error` the root mean square of what is left;
    `covariance` [3, 3] of its coefficients in the seconds from `middle`, the square's first."""

    apex: float
    top: float
    fall: float
    error: float
    middle: float
    covariance: Floats

    def falls_as(self, fall: float) -> bool:
        """Whether the fall is as expected, within three standard deviations of either."""
        own = 2 * float(self.covariance[0, 0]) ** 0.5
        return abs(self.fall - fall) < 3 * float(np.hypot(SIZED * fall, own))

    def sigma(self, seconds: float) -> float:
        """Standard deviation of the height at that time."""
        at = (seconds - self.middle) ** np.array((2, 1, 0))
        return float(np.sqrt(at @ self.covariance @ at))


def parabola(
    seconds: Floats,
    heights: Floats,
    begin: float,
    end: float,
    fall: float = 0.0,
    noise: float = 1.0,
) -> Parabola | None:
    """The parabola through `heights` [n] (y down) between take-off and landing at `begin` and `end`
    seconds; None below 4 frames, or where what is seen does not fall.

    Least squares, twice again with Tukey's weights, so that a lost frame does no harm. Where it is
    given, the `fall` that is expected takes part by its uncertainty, beside heights with a standard
    deviation of `noise`: a few frames hardly tell a curvature.
    """
    margin = EDGE * (end - begin)
    first, last = seconds.searchsorted((begin + margin, end - margin)).tolist()
    middle = 0.5 * (begin + end)
    time, height = seconds[first:last] - middle, heights[first:last]
    if len(time) < 4:
        return None
    powers, weight = np.vander(time, 3), np.ones_like(time)
    known = np.zeros((3, 3))
    known[0, 0] = (2 * noise / (SIZED * fall)) ** 2 if fall else 0.0
    for _ in range(ROUNDS):
        weighted = powers.T * weight**2
        spread = np.linalg.inv(weighted @ powers + known)
        half, slope, level = (spread @ (weighted @ height + known[0] * fall / 2)).tolist()
        left = np.abs(height - np.polyval((half, slope, level), time))
        scale = 6.0 * max(float(median(left)), 1e-5)
        weight = np.maximum(1 - (left / scale) ** 2, 0.0)
    if half <= 0:
        return None
    error = float(np.sqrt(np.average(left * left, weights=weight * weight + 1e-9)))
    return Parabola(
        apex=middle - slope / (2 * half), top=level - slope * slope / (4 * half), fall=2 * half,
        error=error, middle=middle, covariance=noise**2 * spread.astype(np.float64),
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
