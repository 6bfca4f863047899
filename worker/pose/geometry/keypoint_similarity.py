"""Object keypoint similarity (OKS): whether two poses are one person's, as COCO measures it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import OKS_SIGMAS

BODY_SIGMAS = np.array(OKS_SIGMAS[5:])
"""Those of shoulders, elbows, wrists, hips, knees and ankles."""


def similarity(one: NDArray[np.float64], other: NDArray[np.float64], area: float) -> float | None:
    """Of two bodies' joints [12, 2] in pixels, shoulders to ankles, those at (0, 0) unseen, of who
    fills `area` square pixels: 0-1; None where no joint is seen in both."""
    seen = one.any(axis=1) & other.any(axis=1)
    apart = ((one - other) ** 2).sum(axis=1) / (2 * max(area, 1.0) * (2 * BODY_SIGMAS) ** 2)
    return float(np.exp(-apart[seen]).mean()) if seen.any() else None
