"""Refinement of landmarks by their heatmaps.

After MediaPipe's RefineLandmarksFromHeatmapCalculator with the options of its pose graph
(tensors_to_pose_landmarks_and_segmentation.pbtxt).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KERNEL = 7
CONFIDENT = 0.5
"""Confidence that a cell of the window must reach for the heatmap to be used."""
_LEAST_LOGIT = -80.0  # below it float32 overflows

Floats = NDArray[np.float32]


def refined(places: Floats, heatmaps: Floats) -> Floats:
    """`places` [k, 2] (x, y as 0-1 of the crop), moved by the logits `heatmaps` [k, h, w].

    The window is KERNEL cells wide around the cell of a place, cut off at the border; the new place
    is the mean of its cells' corners, weighted by their confidence.
    """
    height, width = heatmaps.shape[1:]
    reach = KERNEL // 2
    # rounded towards zero, as MediaPipe's cast: a place just outside is in the first cell
    cells = (places * np.array([width, height], np.float32)).astype(np.int64)
    inside = ((cells >= 0) & (cells < [width, height])).all(axis=1)
    steps = np.arange(-reach, reach + 1)
    columns, rows = cells[:, :1] + steps, cells[:, 1:] + steps
    weights = _window(heatmaps, rows, columns)
    total = np.maximum(weights.sum(axis=(1, 2)), 1e-12)
    x = (weights.sum(axis=1) * columns).sum(axis=1) / total / width
    y = (weights.sum(axis=2) * rows).sum(axis=1) / total / height
    sure = inside & (weights.max(axis=(1, 2)) >= CONFIDENT)
    return np.where(sure[:, None], np.stack([x, y], axis=1), places).astype(np.float32)


def _window(heatmaps: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
    """Confidence 0-1 of each heatmap at its rows and columns, [k, rows, columns]; 0 outside."""
    height, width = heatmaps.shape[1:]
    landmark = np.arange(len(heatmaps))[:, None, None]
    down, across = rows[:, :, None], columns[:, None, :]
    logits = heatmaps[landmark, down.clip(0, height - 1), across.clip(0, width - 1)]
    there = (down >= 0) & (down < height) & (across >= 0) & (across < width)
    confidence = 1 / (1 + np.exp(-np.maximum(logits, _LEAST_LOGIT)))
    return np.where(there, confidence, 0).astype(np.float32)
