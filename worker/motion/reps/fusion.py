"""One curve of progress from several signals, weighted by how well each is seen and how well it
moves with the others.

A signal is taken for `offset + slope * progress + noise`: one factor behind all of them, found by
alternating weighted least squares. Slope and noise come from the clip itself: what cannot be seen
from this view hardly moves or moves by itself, and has little say or none. Because each signal is
mapped to the common curve, one that drops out for a while leaves no step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Floats
from worker.motion.features.order_statistics import median, quantile

STEADY = 0.3
"""Seconds to both sides over which a weight is averaged: joints that flicker say little."""

FAINTEST = 0.1
"""Least weight that has a say."""

NOISE = 0.06
"""Share of a full repetition by which a good signal strays from the common curve (its median over
the bench is 0.05): signals that stray by less are alike."""

FOLLOWS = 0.25
"""Least slope of a signal that moves with the others."""

STEEPEST = 2.0
"""Greatest slope: beyond, a signal only jumps."""

CLEAR = 0.3
"""Weight from which a signal is believed by itself."""

SHARE = 0.15
"""Share of the usual evidence, below which there is none in a frame."""

ROUNDS = 8

RATE = 10.0
"""Frames per second that calibration looks at: movements of 0.3 s and longer."""

REST = 0.1
"""Quantile of the curve that is the start pose's level."""


@dataclass(frozen=True)
class Calibration:
    """How k signals follow the common curve: `slope`, `offset` and `precision` [k]; frames with
    less evidence than `least` tell nothing."""

    slope: Floats
    offset: Floats
    precision: Floats
    least: float

    def curve(self, values: Floats, weights: Floats) -> Floats:
        """Progress [n] of `values` [n, k]; nan where too little is seen."""
        weighted = weights * (self.slope * self.precision)
        evidence = (weighted * self.slope).sum(axis=1)
        total = (weighted * (values - self.offset)).sum(axis=1)
        known = evidence > self.least
        return np.where(known, total / np.where(known, evidence, 1.0), np.nan)

    def strays(self, values: Floats, weights: Floats) -> Floats:
        """How far the signals of frames, `values` and `weights` [n, k], are from the curve at most
        [n], in full repetitions: another posture than the others' at this height."""
        level = self.curve(values, weights)[:, None]
        counts = (weights >= CLEAR) & (self.slope > 0) & np.isfinite(level)
        away = np.abs(values - self.offset - self.slope * level)
        farthest: Floats = np.where(counts, away, 0.0).max(axis=1)
        return farthest


def steadied(seconds: Floats, weights: Floats) -> Floats:
    """`weights` [n, k], no frame's above the mean around it; none below FAINTEST."""
    first = np.searchsorted(seconds, seconds - STEADY)
    last = np.searchsorted(seconds, seconds + STEADY, side="right")
    sums = np.concatenate((np.zeros((1, weights.shape[1])), np.cumsum(weights, axis=0)))
    mean = (sums[last] - sums[first]) / (last - first)[:, None]
    least = np.minimum(weights, mean)
    return np.where(least < FAINTEST, 0.0, least)


def calibrated(
    seconds: Floats, values: Floats, weights: Floats, leads: NDArray[np.bool_]
) -> Calibration | None:
    """The calibration on `values` and `weights` [n, k]; None where nothing is seen long enough.

    A full repetition of each signal is 1, so is then the curve's. The signals that `leads` [k]
    tell the curve at first, the others follow: heights in the picture move with a camera, a cut or
    a walk as well.
    """
    every = _stride(seconds)
    # signals in rows: sums run along the memory
    values, weights = values[::every].T.copy(), weights[::every].T.copy()
    weights[(weights > 0).sum(axis=1) < max(5, 0.05 * weights.shape[1])] = 0.0
    total = weights.sum(axis=1)
    if not (total > 0).any():
        return None
    count = len(values)
    slope = np.where(leads & (total > 0), 1.0, 0.0) if (total[leads] > 0).any() else np.ones(count)
    found = Calibration(slope, _mean(values, weights, total + 1e-9), np.ones(count), 0.0)
    for _ in range(ROUNDS):
        found = _refined(found, values, weights, total)
    evidence = (weights * (found.slope**2 * found.precision)[:, None]).sum(axis=0)
    return replace(found, least=SHARE * _usual(evidence))


def rest_level(curve: Floats) -> float:
    """The start pose's level of a curve; nan where it is nowhere known."""
    known = curve[np.isfinite(curve)]
    return quantile(known, REST) if len(known) else float("nan")


def _stride(seconds: Floats) -> int:
    span = float(seconds[-1] - seconds[0])
    return max(1, int(len(seconds) / (span * RATE))) if span > 0 else 1


def _mean(values: Floats, weights: Floats, total: Floats) -> Floats:
    mean: Floats = np.add.reduce(weights * values, axis=1) / total
    return mean


def _refined(before: Calibration, values: Floats, weights: Floats, total: Floats) -> Calibration:
    """One round on [k, n]: the curve from the signals, then each signal's line over the curve."""
    weighted = weights * (before.slope * before.precision)[:, None]
    evidence = np.add.reduce(weighted * before.slope[:, None], axis=0)
    known = evidence > SHARE * _usual(evidence)
    curve = np.add.reduce(weighted * (values - before.offset[:, None]), axis=0)
    curve = np.where(known, curve, 0.0) / np.where(known, evidence, 1.0)
    sure = weights * known
    sums = np.add.reduce(sure, axis=1) + 1e-9
    middle, level = _mean(curve, sure, sums), _mean(values, sure, sums)
    away, moved = curve - middle[:, None], values - level[:, None]
    steep = _mean(away * moved, sure, sums) / (_mean(away * away, sure, sums) + 1e-4)
    slope = np.minimum(np.maximum(steep, 0.0), STEEPEST)
    stray = _mean((moved - slope[:, None] * away) ** 2, sure, sums)
    offset = level - slope * middle
    precision = NOISE**2 / (stray + NOISE**2)
    slope = np.where((slope < FOLLOWS) | (total <= 0), 0.0, slope)
    if not slope.any():
        slope = np.ones_like(slope)
    # the curve's unit: signals that are seen well and alike move by 1 where it does
    slope = slope * (total * precision * slope).sum() / (total * precision * slope**2).sum()
    return Calibration(slope, offset, precision, 0.0)


def _usual(evidence: NDArray[np.float64]) -> float:
    some = evidence[evidence > 0]
    return float(median(some)) if len(some) else 0.0
