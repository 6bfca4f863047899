"""Joint paths without lag: gaps bridged when short, noise taken out over a symmetric window.

A local quadratic fit with Gaussian weights in *time* (Savitzky and Golay 1964 for uneven steps;
Cleveland 1979), weighted by the joints' scores. Constants are seconds, so 8 and 60 frames a
second, and a variable rate, behave alike. A frame's sums run over its neighbours from the earliest
to the latest, one by one, so that they have the same bits whatever other frames are smoothed with
it; a matrix product, or `numpy.sum`, promises no order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Body, Floats

SIGMA_S = 0.055
"""Seconds: passes 96 % of a 1 Hz movement and 10 % of frame-to-frame noise at 30 per second."""

REACH_S = 0.2
"""Seconds to either side that the fit looks at."""

GAP_S = 0.4
"""Longest loss in seconds that is bridged by interpolation; a longer one is a loss."""

CONTEXT_US = int((REACH_S + GAP_S) * 1e6)
"""Microseconds to either side of a frame that its smoothed value may depend on."""

_REACH_US, _GAP_US = round(REACH_S * 1e6), round(GAP_S * 1e6)
_FILLED = 0.3
_RIDGE = 1e-3


def has_person(joints: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Which frames [n] of joints [n, k, 3] have somebody."""
    return np.asarray((joints[..., 2] > 0).any(axis=1), np.bool_)


def bridged(
    times_us: NDArray[np.int64], joints: NDArray[np.float32], present: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Joints [m, 17, 3] with short losses interpolated, and the frames [m] that have joints now.

    Interpolated joints keep a part of their neighbours' scores.
    """
    filled = joints.astype(np.float64)
    known = present.copy()
    places = np.flatnonzero(present)
    starts = np.flatnonzero(np.diff(places) > 1)
    for before, after in zip(places[starts].tolist(), places[starts + 1].tolist(), strict=True):
        span = times_us[after] - times_us[before]
        if span > _GAP_US:
            continue
        inside = slice(before + 1, after)
        share = ((times_us[inside] - times_us[before]) / span)[:, None, None]
        filled[inside] = filled[before] * (1 - share) + filled[after] * share
        filled[inside, :, 2] *= _FILLED
        known[inside] = True
    return filled, known


def smoothed(
    times_us: NDArray[np.int64],
    joints: NDArray[np.float32],
    inside: slice,
    aspect: float,
) -> tuple[Body, NDArray[np.bool_]]:
    """Smoothed joints of the frames `inside` of a window, and which of them [n] have any.

    `times_us` [m] and `joints` [m, 17, 3] (0-1 of a frame `aspect` times as wide as high, score)
    are those frames and all within CONTEXT_US of them. Frames without joints are zeros. A joint's
    values of all frames stand side by side in memory, as features read them.
    """
    filled, known = bridged(times_us, joints, has_person(joints))
    kernel, delta = _kernel(times_us, inside)
    fields = _fields(filled, known, aspect)
    none = np.zeros((len(fields), len(kernel) // 2))
    fields = np.concatenate((none, fields, none), axis=1)[:, inside.start :]
    x, y, score = _fit(fields, kernel, delta)
    gone = ~known[inside]
    if gone.any():
        x[:, gone] = y[:, gone] = score[:, gone] = 0.0
    return Body(x=x.T, y=y.T, score=score.T), ~gone


def _kernel(times_us: NDArray[np.int64], inside: slice) -> tuple[Floats, Floats]:
    """Weight and distance in SIGMA_S, [2 reach + 1, n] each, of the neighbours of each of the
    frames `inside`, the earliest first; `reach` is the most frames within REACH_S to one side.
    Beyond the ends the weight is 0."""
    own, rows = times_us[inside], np.arange(inside.start, inside.stop)
    before = rows - np.searchsorted(times_us, own - _REACH_US)
    after = np.searchsorted(times_us, own + _REACH_US, side="right") - 1 - rows
    reach = int(max(before.max(), after.max()))
    rows = rows + np.arange(-reach, reach + 1)[:, None]
    away_us = times_us.take(rows, mode="clip") - own
    beyond = (rows < 0) | (rows >= len(times_us)) | (np.abs(away_us) > _REACH_US)
    delta = away_us.astype(np.float64) * (1e-6 / SIGMA_S)
    kernel: Floats = np.where(beyond, 0.0, np.exp(-0.5 * delta * delta))
    return kernel, delta


def _fields(filled: Floats, known: NDArray[np.bool_], aspect: float) -> Floats:
    """What is summed, [69, m]: weight, weight by x, weight by y and score of each joint, and 1;
    zeros where nobody is known."""
    x, y, score = filled.transpose(2, 1, 0)
    weight = score * score + 1e-4
    ones = np.ones((1, len(known)))
    fields = np.concatenate((weight, weight * (x * aspect), weight * y, score, ones))
    fields[:, ~known] = 0.0
    return fields


def _fit(fields: Floats, kernel: Floats, delta: Floats) -> tuple[Floats, Floats, Floats]:
    """Value at 0 of the weighted quadratic in `delta` through x and y, and the mean score, each
    [17, n].

    Solves the 3x3 normal equations by cofactors; the ridge on the slope and curvature terms turns
    the fit into a weighted mean where too few frames carry weight.
    """
    s0, s1, s2, s3, s4 = _moments(fields, kernel, delta)
    w0, w1, w2 = s0[:17] + 1e-12, s1[:17], s2[:17]
    ridge = _RIDGE * w0
    w2r, w4r = w2 + ridge, s4 + ridge
    a = w2r * w4r - s3 * s3
    b = w2 * s3 - w1 * w4r
    c = w1 * s3 - w2 * w2r
    determinant = w0 * a + w1 * b + w2 * c
    x, y = (
        (a * s0[rows] + b * s1[rows] + c * s2[rows]) / determinant
        for rows in (slice(17, 34), slice(34, 51))
    )
    return x, y, s0[51:68] / (s0[68] + 1e-12)


def _moments(fields: Floats, kernel: Floats, delta: Floats) -> list[Floats]:
    """Sums over a frame's neighbours of what is weighted, times `delta` to the power 0 (all of it,
    [69, n]), 1 and 2 (weights, x and y, [51, n]), 3 and 4 (weights, [17, n]); the neighbours of
    frame i are the columns from i of `fields` [69, more than n]."""
    n = kernel.shape[1]
    sums = [np.zeros((rows, n)) for rows in (len(fields), 51, 51, 17, 17)]
    terms = np.empty_like(sums[0])
    for place, (weight, away) in enumerate(zip(kernel, delta, strict=True)):
        np.multiply(fields[:, place : place + n], weight, out=terms)
        sums[0] += terms
        for total in sums[1:]:
            part = terms[: len(total)]
            part *= away
            total += part
    return sums
