"""Object keypoint similarity (OKS): whether two poses are one person's, as COCO measures it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIGMAS = np.repeat([0.079, 0.072, 0.062, 0.107, 0.087, 0.089], 2)
"""How far annotators differ on shoulders, elbows, wrists, hips, knees and ankles, in square roots
of the body's area (COCO keypoint evaluation)."""


def similarity(one: NDArray[np.float64], other: NDArray[np.float64], area: float) -> float | None:
    """Of two bodies' joints [12, 2] in pixels, shoulders to ankles, those at (0, 0) unseen, of who
    fills `area` square pixels: 0-1; None where no joint is seen in both."""
    seen = one.any(axis=1) & other.any(axis=1)
    apart = ((one - other) ** 2).sum(axis=1) / (2 * max(area, 1.0) * (2 * SIGMAS) ** 2)
    return float(np.exp(-apart[seen]).mean()) if seen.any() else None
