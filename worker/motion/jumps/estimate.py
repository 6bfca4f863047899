"""A measured value with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LIMIT = 1.96
"""Standard deviations that hold 95 % of errors."""


@dataclass(frozen=True)
class Estimate:
    """A value and its standard deviation, both in one unit; of two, their errors are
    independent."""

    value: float
    sigma: float

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.value + other.value, float(np.hypot(self.sigma, other.sigma)))

    def __sub__(self, other: Estimate) -> Estimate:
        return Estimate(self.value - other.value, float(np.hypot(self.sigma, other.sigma)))

    def differs(self, other: Estimate) -> bool:
        """Whether two estimates of one thing are farther apart than their uncertainties allow."""
        apart = self - other
        return abs(apart.value) > LIMIT * apart.sigma


def mean(*estimates: Estimate) -> Estimate:
    """Estimates of one thing, weighted by inverse variance."""
    weights = np.array([one.sigma**-2 for one in estimates])
    value = weights @ np.array([one.value for one in estimates]) / weights.sum()
    return Estimate(float(value), float(weights.sum() ** -0.5))
