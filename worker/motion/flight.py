"""Take-off, landing and free flight, to a fraction of a frame, from the paths of single joints.

The feet roll over the toes: the ankles rise from rest, faster and faster, until at take-off they
are as fast as the body; from there on they fall freely. That bend is the sharpest mark of toe-off
that 17 keypoints show; landing is the same read backwards. Between the two the body's centre must
follow a parabola whose curvature is gravity at the scale of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    inside = (seconds >= near - BEFORE - 0.1) & (seconds <= near + AFTER + 0.03)
    time, height = seconds[inside], -ankles[inside]
    if len(time) < 4 or not (time < near - 0.02).any() or not (time > near).any():
        return None
    toe = near + _STEPS
    local = time - toe[:, None]
    weight = ((local <= AFTER) & (local >= -BEFORE)) / (NOISE * stature) ** 2
    fallen = height + 0.5 * fall * np.maximum(local, 0.0) ** 2
    floor, fast, cost = _solve(
        fallen, _ramps(local), weight, speed, heel * stature, SPREAD * stature
    )
    likely = np.exp(0.5 * (cost.min() - cost))
    likely /= likely.sum()
    return Edge(
        time=float((likely * toe[:, None]).sum()),
        floor=-float((likely * floor).sum()),
        rise=float((likely * fast * _REACH).sum()),
        speed=float((likely * fast).sum()),
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
    if edge is None:
        return None
    return Edge(time=-edge.time, floor=edge.floor, rise=edge.rise, speed=edge.speed)


def _ramps(local: Floats) -> Floats:
    """Height [a, 30, n] that a foot of speed 1 at take-off has gained `local` [a, n] seconds after
    it: over each duration of the roll under each power, then on a straight line."""
    share = np.clip(local[:, None] / _ROLL[:, None] + 1, 0.0, 1.0)
    root, square = np.sqrt(share), share * share
    courses = np.concatenate((share * root, square, square * root), axis=1)
    ramps: Floats = _REACH[:, None] * courses + np.maximum(local, 0.0)[:, None]
    return ramps


def _solve(
    height: Floats, ramp: Floats, weight: Floats, speed: float, target: float, spread: float
) -> tuple[Floats, Floats, Floats]:
    """Floor, speed and cost [a, b] of height = floor + speed * ramp; `height` and `weight` are
    [a, n], `ramp` [a, b, n].

    Two priors on the speed: the one that is given, and the heel's rise, which is linear in it.
    """
    trust = 1 / (SLACK * speed) ** 2
    s0 = weight.sum(axis=-1)[:, None]
    middle = (weight * height).sum(axis=-1)[:, None] / s0
    over = height - middle  # sums of squares of what is near 0 keep their digits
    sr, srh = np.moveaxis(ramp @ np.stack((weight, weight * over), axis=-1), -1, 0)
    srr = (ramp * ramp @ weight[..., None])[..., 0]
    shh = (weight * over * over).sum(axis=-1)[:, None]
    slopes = srr + trust + _REACH**2 / spread**2
    wanted = srh + trust * speed + _REACH * target / spread**2
    determinant = s0 * slopes - sr * sr
    fast = s0 * wanted / determinant
    floor = -fast * sr / s0
    cost = shh - 2 * fast * srh + fast * fast * srr + floor * (2 * fast * sr + floor * s0)
    cost = cost + trust * (fast - speed) ** 2
    cost = cost + ((_REACH * fast - target) / spread) ** 2
    # Floor and speed are integrated out, not chosen: Gaussian, hence the determinant.
    return middle + floor, fast, cost + np.log(determinant)


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
    inside = (seconds >= begin) & (seconds <= end)
    time, height = seconds[inside] - 0.5 * (begin + end), heights[inside]
    if len(time) < 4:
        return None
    powers = np.stack((np.ones_like(time), time, time * time), axis=1)
    weight = np.ones(len(time))
    for _ in range(3):
        root = np.sqrt(weight)[:, None]
        solved = np.linalg.lstsq(powers * root, height * root[:, 0], rcond=None)[0]
        left = np.abs(height - powers @ solved)
        scale = 6.0 * max(float(median(left)), 1e-5)
        weight = np.clip(1 - (left / scale) ** 2, 0.0, 1.0) ** 2
    low, slope, half = (float(value) for value in solved)
    if half <= 0:
        return None
    apex = -slope / (2 * half)
    error = float(np.sqrt((weight * left * left).sum() / max(float(weight.sum()), 1e-9)))
    return Parabola(
        apex=apex + 0.5 * (begin + end), top=low - slope * slope / (4 * half), fall=2 * half,
        error=error,
    )  # fmt: skip
