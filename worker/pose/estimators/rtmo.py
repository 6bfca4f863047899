"""Keypoints by one-stage networks such as RTMO (Lu et al. 2024).

They estimate everybody in the whole picture at once; the subject's pose is selected by its box.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.pose.geometry.boxes import Boxes, iou, suppress
from worker.pose.inference.preprocessing import letterbox, tensor
from worker.pose.inference.session import Session
from worker.pose.weights.spec import ModelSpec

THRESHOLD = 0.3
OVERLAP = 0.45
"""Overlap (IoU) above which one of two people is suppressed, as in rtmlib after the network's
own."""
SAME = 0.3
"""Least overlap (IoU) of a person with the box whose pose is wanted."""


class OneStageEstimator:
    """A network with outputs `dets` [1, m, 5] (x0, y0, x1, y1, score) and `keypoints` [1, m, 17,
    3]."""

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        self._session = session
        self._spec = spec

    def estimate(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]:
        """Keypoints float32 [n, 17, 3] of x, y in image pixels and score, one row per box; zeros
        where nobody is in it."""
        if not boxes:
            return np.zeros((0, 17, 3), np.float32)
        return np.stack([self._single(*pair) for pair in zip(images, boxes, strict=True)])

    def _single(self, image: NDArray[np.uint8], box: Boxes) -> NDArray[np.float32]:
        shown, scale = letterbox(image, self._spec.input_size)
        dets, poses = self._session.run(tensor(shown, self._spec.pixels)[None])[:2]
        likely = dets[0, :, 4] > THRESHOLD
        people, poses = dets[0, likely].astype(np.float32), poses[0, likely]
        people[:, :4] /= scale
        kept = suppress(people[:, :4], people[:, 4], OVERLAP)
        overlaps = iou(box, people[kept, :4])
        if not len(kept) or overlaps.max() < SAME:
            return np.zeros((17, 3), np.float32)
        pose: NDArray[np.float32] = poses[kept[overlaps.argmax()]].astype(np.float32)
        pose[:, :2] /= scale
        pose[:, 2] = pose[:, 2].clip(0, 1)
        return pose
