"""Joint paths without lag: gaps bridged when short, noise taken out over a symmetric window.

A local quadratic fit with Gaussian weights in *time* (Savitzky and Golay 1964 for uneven steps;
Cleveland 1979), weighted by the joints' scores. Constants are seconds, so 8 and 60 frames a
second, and a variable rate, behave alike.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.motion.features import Body, Floats

SIGMA = 0.055
"""Seconds: passes 96 % of a 1 Hz movement and 10 % of frame-to-frame noise at 30 per second."""

REACH = 0.2
"""Seconds to either side that the fit looks at."""

GAP = 0.4
"""Longest loss in seconds that is bridged by interpolation; a longer one is a loss."""

CONTEXT_US = int((REACH + GAP) * 1e6)
"""Microseconds to either side of a frame that its smoothed value may depend on."""

_FILLED = 0.3
_RIDGE = 1e-3


def has_person(joints: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which frames [n] of joints [n, k, 3] have somebody."""
    return np.asarray((joints[..., 2] > 0).any(axis=1), np.bool_)


def bridged(
    seconds: Floats, joints: NDArray[np.float32], present: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Joints [m, 17, 3] with short losses interpolated, and the frames [m] that have joints now.

    Interpolated joints keep a part of their neighbours' scores.
    """
    filled = joints.astype(np.float64)
    known = present.copy()
    places = np.flatnonzero(present)
    for before, after in pairwise(places.tolist()):
        span = seconds[after] - seconds[before]
        if after - before == 1 or span > GAP:
            continue
        inside = slice(before + 1, after)
        share = ((seconds[inside] - seconds[before]) / span)[:, None, None]
        filled[inside] = filled[before] * (1 - share) + filled[after] * share
        filled[inside, :, 2] *= _FILLED
        known[inside] = True
    return filled, known


def smoothed(
    times_us: NDArray[np.int64],
    joints: NDArray[np.float32],
    block: slice,
    width: int,
    height: int,
) -> tuple[Body, NDArray[np.bool_]]:
    """Smoothed joints of the frames `block` of a window, and which of them [n] have any.

    `times_us` [m] and `joints` [m, 17, 3] (0-1 of a frame of `width` by `height` pixels, score)
    are the block's frames and those within CONTEXT_US of them. Frames without joints are zeros.
    """
    seconds = (times_us - times_us[block.start]) * 1e-6
    filled, known = bridged(seconds, joints, has_person(joints))
    aspect = width / height
    score = filled[..., 2]
    weight = np.where(known[:, None], score * score + 1e-4, 0.0)
    delta = seconds[None, :] - seconds[block, None]
    kernel = np.where(np.abs(delta) <= REACH, np.exp(-0.5 * (delta / SIGMA) ** 2), 0.0)
    x, y = _fit(kernel, delta / SIGMA, weight, filled[..., 0] * aspect, filled[..., 1])
    mass = kernel @ known.astype(np.float64)
    confidence = (kernel @ np.where(known[:, None], score, 0.0)) / (mass[:, None] + 1e-12)
    inside = known[block]
    keep = inside[:, None]
    body = Body(
        x=np.where(keep, x, 0.0), y=np.where(keep, y, 0.0), score=np.where(keep, confidence, 0.0)
    )
    return body, inside


def _fit(
    kernel: Floats, delta: Floats, weight: Floats, x: Floats, y: Floats
) -> tuple[Floats, Floats]:
    """Value at 0 of the weighted quadratic in `delta` through x and y, each [n, 17].

    Solves the 3x3 normal equations by cofactors; the ridge on the slope and curvature terms turns
    the fit into a weighted mean where too few frames carry weight.
    """
    first = kernel * delta
    second = first * delta
    s0, s1, s2 = kernel @ weight + 1e-12, first @ weight, second @ weight
    s3, s4 = (second * delta) @ weight, (second * delta * delta) @ weight
    s2r, s4r = s2 + _RIDGE * s0, s4 + _RIDGE * s0
    a = s2r * s4r - s3 * s3
    b = s2 * s3 - s1 * s4r
    c = s1 * s3 - s2 * s2r
    determinant = s0 * a + s1 * b + s2 * c
    wx, wy = weight * x, weight * y
    out_x = (a * (kernel @ wx) + b * (first @ wx) + c * (second @ wx)) / determinant
    out_y = (a * (kernel @ wy) + b * (first @ wy) + c * (second @ wy)) / determinant
    return out_x, out_y
