"""Take-off, landing and free flight, to a fraction of a frame, from the paths of single joints.

The feet roll over the toes: the ankles rise from rest, faster and faster, until at take-off they
are as fast as the body; from there on they fall freely. That bend is the sharpest mark of toe-off
that 17 keypoints show; landing is the same read backwards. Between the two the body's centre must
follow a parabola whose curvature is gravity at the scale of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from worker.motion.features import Floats
from worker.motion.median import median

BEFORE, AFTER = 0.3, 0.1
"""Seconds on the floor's and on the flight's side of an edge that its fit looks at: enough of the
floor for its level, and no more of the flight than legs stay stretched for."""

NOISE = 0.005
"""Standard deviation of an ankle's height in one frame, shares of stature."""

SPREAD = 0.01
"""Standard deviation of the heel's rise between jumps, shares of stature."""

HEEL_OFF, HEEL_ON = 0.05, 0.04
"""How far the ankles are over their height on flat feet when the toes leave the floor and when
they meet it, shares of stature. A foot is 0.152 of stature long (Winter 2009, fig. 4.1), about two
thirds of it before the ankle; raised by 40 degrees the ankle, 0.039 over the floor, comes to ~0.09.
Feet are stretched less when they land."""

SLACK = 0.08
"""Standard deviation of the take-off speed that the flight time tells, as a share of it."""

_ROLL, _POWER = np.geomspace(0.03, 0.2, 10), np.array((1.5, 2.0, 2.5))
_REACH = (_ROLL / _POWER[:, None]).ravel()
"""What a foot rises by in a roll, by the speed at its end, of each power and duration."""
_PER_ROLL = 1 / _ROLL[:, None]
_STEPS = np.linspace(-0.1, 0.1, 51)


@dataclass(frozen=True)
class Edge:
    """`time` in seconds at which the toes left or met the floor; `floor` the ankles' height in the
    picture while the feet are flat, `rise` how far above it they were, `speed` in frame heights
    a second."""

    time: float
    floor: float
    rise: float
    speed: float


def takeoff(
    seconds: Floats,
    ankles: Floats,
    near: float,
    speed: float,
    fall: float,
    stature: float,
    heel: float = HEEL_OFF,
) -> Edge | None:
    """The take-off near the time `near`; None where too few frames show it.

    `ankles` [n] is their height in frame heights, y down; `speed` is the body's, upward, at
    take-off as far as it is known, `fall` gravity, `stature` the subject's, all in frame heights
    (and seconds). Every take-off time, duration and power of the roll (height ~ time^power; 2 is a
    steady acceleration) on a grid is fitted by weighted least squares for floor and speed, under
    what is known of speed and heel rise; the answer is the mean over the grid, each point weighted
    by how likely it makes what was seen.
    """
    first, last = seconds.searchsorted((near - BEFORE - 0.1, near + AFTER + 0.03)).tolist()
    time, height = seconds[first:last], -ankles[first:last]
    if len(time) < 4 or time[0] >= near - 0.02 or time[-1] <= near:
        return None
    toe = near + _STEPS
    local = time - toe[:, None]
    weight = ((local <= AFTER) & (local >= -BEFORE)) / (NOISE * stature) ** 2
    fallen = height + 0.5 * fall * np.maximum(local, 0.0) ** 2
    floor, fast, cost = _solve(fallen, local, weight, speed, heel * stature, SPREAD * stature)
    likely = np.exp(0.5 * (cost.min() - cost))
    likely /= likely.sum()
    fast *= likely
    return Edge(
        time=float(likely.sum(axis=1) @ toe),
        floor=-float(np.vdot(likely, floor)),
        rise=float(fast.sum(axis=0) @ _REACH),
        speed=float(fast.sum()),
    )


def landing(
    seconds: Floats,
    ankles: Floats,
    near: float,
    speed: float,
    fall: float,
    stature: float,
    heel: float = HEEL_ON,
) -> Edge | None:
    """The landing near `near`: a take-off in time reversed; see `takeoff`."""
    edge = takeoff(-seconds[::-1], ankles[::-1], -near, speed, fall, stature, heel)
    return None if edge is None else replace(edge, time=-edge.time)


def _sums(local: Floats, weight: Floats, over: Floats) -> tuple[Floats, Floats, Floats]:
    """Sums [a, b] over n frames of weight * ramp, of that times `over`, and of weight * ramp^2.

    A ramp is what a foot of speed 1 at take-off has gained in height `local` [a, n] seconds after
    it: reach * share^power over each duration of the roll under each power, then a straight line,
    where the share stays 1. The ramps themselves, [a, b, n], would leave the cache.
    """
    line = np.maximum(local, 0.0)
    weighted = weight * over
    straight = np.einsum("an,an->a", weight, line)[:, None]
    # frames before the longest roll of the last time have no share in any
    rolling = slice(int(local[0].searchsorted(-_ROLL[-1])), None)
    both = np.stack((weight[:, rolling], weighted[:, rolling]), axis=1)
    share = local[:, None, rolling] * _PER_ROLL
    share += 1.0
    np.minimum(np.maximum(share, 0.0, out=share), 1.0, out=share)
    steep = np.sqrt(share)
    steep *= share
    courses = steep, share * share, share * steep
    once = np.concatenate([both @ course.swapaxes(1, 2) for course in courses], axis=2)
    for course in courses:
        course *= course
    first = both[:, :1]
    squared = np.concatenate([first @ course.swapaxes(1, 2) for course in courses], axis=2)[:, 0]
    squared *= _REACH
    squared += 2 * straight
    squared *= _REACH
    squared += np.einsum("an,an,an->a", weight, line, line)[:, None]
    once *= _REACH
    once[:, 0] += straight
    once[:, 1] += np.einsum("an,an->a", weighted, line)[:, None]
    return once[:, 0], once[:, 1], squared


def _solve(
    height: Floats, local: Floats, weight: Floats, speed: float, target: float, spread: float
) -> tuple[Floats, Floats, Floats]:
    """Floor, speed and cost [a, b] of height = floor + speed * ramp; `height`, `weight` and the
    seconds `local` after take-off are [a, n], the ramps those of `_sums`.

    Two priors on the speed: the one that is given, and the heel's rise, which is linear in it. With
    the best floor put in, the cost is a parabola of the speed: a s^2 - 2 b s + c.
    """
    trust, firm = 1 / (SLACK * speed) ** 2, _REACH / spread
    s0 = weight.sum(axis=1)[:, None]
    middle = np.einsum("an,an->a", weight, height)[:, None] / s0
    over = height - middle  # sums of squares of what is near 0 keep their digits
    sr, srh, a = _sums(local, weight, over)
    mean = sr / s0
    a -= mean * sr
    a += trust + firm * firm
    b = srh + (trust * speed + firm * (target / spread))
    fast = b / a
    c = np.einsum("an,an,an->a", weight, over, over) + trust * speed**2 + (target / spread) ** 2
    # Floor and speed are integrated out, not chosen: Gaussian, hence the logarithms.
    cost = np.log(a)
    cost -= b * fast
    cost += c[:, None] + np.log(s0)
    mean *= fast
    return middle - mean, fast, cost


@dataclass(frozen=True)
class Parabola:
    """A fitted flight: `apex` seconds, `top` the height there in the picture (y down), `fall` the
    curvature in frame heights per second squared, `error` the root mean square of what is left."""

    apex: float
    top: float
    fall: float
    error: float

    def at(self, seconds: float) -> float:
        """The height in the picture at a time."""
        return self.top + 0.5 * self.fall * (seconds - self.apex) ** 2


def parabola(seconds: Floats, heights: Floats, begin: float, end: float) -> Parabola | None:
    """The parabola through `heights` [n] (y down) from `begin` to `end`; None below 4 frames.

    Two rounds of least squares with Tukey's weights in between, so a lost frame does no harm.
    """
    first, last = int(seconds.searchsorted(begin)), int(seconds.searchsorted(end, side="right"))
    time, height = seconds[first:last] - 0.5 * (begin + end), heights[first:last]
    if len(time) < 4:
        return None
    # a half unit at either end, so that the sums of its powers are of one size
    unit = float(time[-1] - time[0]) or 1.0
    time /= unit
    square = time * time
    powers = np.stack((np.ones_like(time), time, square))
    terms = np.concatenate((powers, square * powers[1:], height * powers))
    weight = powers[0]
    for _ in range(3):
        sums = (terms @ weight).tolist()
        solved = _quadratic(sums[:5], sums[5:])
        left = np.abs(height - solved @ powers)
        scale = 6.0 * max(float(median(left)), 1e-5)
        weight = np.maximum(1 - (left / scale) ** 2, 0.0) ** 2
    low, slope, half = solved[0], solved[1] / unit, solved[2] / unit**2
    if half <= 0:
        return None
    apex = -slope / (2 * half)
    error = float(np.sqrt((weight * left * left).sum() / max(float(weight.sum()), 1e-9)))
    return Parabola(
        apex=apex + 0.5 * (begin + end), top=low - slope * slope / (4 * half), fall=2 * half,
        error=error,
    )  # fmt: skip


def _quadratic(s: list[float], r: list[float]) -> tuple[float, float, float]:
    """Coefficients of 1, t and t^2 of least squares: `s` are the sums of weights by t^0 to t^4, `r`
    those of what is fitted by t^0 to t^2. The normal equations by cofactors."""
    a, b, c = s[2] * s[4] - s[3] * s[3], s[2] * s[3] - s[1] * s[4], s[1] * s[3] - s[2] * s[2]
    d, e, f = s[0] * s[4] - s[2] * s[2], s[1] * s[2] - s[0] * s[3], s[0] * s[2] - s[1] * s[1]
    determinant = s[0] * a + s[1] * b + s[2] * c
    if determinant <= 0.0:
        return r[0] / s[0], 0.0, 0.0
    return (
        (a * r[0] + b * r[1] + c * r[2]) / determinant,
        (b * r[0] + d * r[1] + e * r[2]) / determinant,
        (c * r[0] + e * r[1] + f * r[2]) / determinant,
    )
