"""Keypoints of one person per box, by SimCC networks such as RTMPose.

A coordinate is the peak of a distribution over half pixels (Li et al. 2022, Jiang et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.pose.estimators.movenet import GPU_BATCH, Matrix
from worker.pose.geometry.boxes import Boxes
from worker.pose.inference.preprocessing import tensor
from worker.pose.inference.session import Session
from worker.pose.weights.spec import ModelSpec

PADDING = 1.25
"""Size of the crop over that of the box (mmpose's GetBBoxCenterScale)."""
SPLIT = 2.0
"""Bins per pixel (`simcc_split_ratio`)."""


def crop_matrix(box: Boxes, size: tuple[int, int]) -> Matrix:
    """Affine 2x3 from pixels of a crop of `size` (height, width) to image pixels.

    The crop is the box grown by PADDING and widened to the shape of `size`.
    """
    height, width = size
    centre = (box[:2] + box[2:]).astype(np.float64) / 2
    across, down = np.maximum(box[2:] - box[:2], 1).astype(np.float64) * PADDING
    scale = max(across / width, down / height)
    return np.array(
        [[scale, 0, centre[0] - scale * width / 2], [0, scale, centre[1] - scale * height / 2]]
    )


def decoded(across: NDArray[np.float32], down: NDArray[np.float32]) -> NDArray[np.float32]:
    """Crop pixels and scores [n, k, 3] from distributions [n, k, 2 w] and [n, k, 2 h]."""
    places = np.stack([across.argmax(axis=2), down.argmax(axis=2)], axis=2) / SPLIT
    peaks = (across.max(axis=2) + down.max(axis=2)) / 2
    return np.concatenate([places, peaks.clip(0, 1)[..., None]], axis=2).astype(np.float32)


class SimccEstimator:
    """A SimCC network: in batches on a GPU if it takes any batch size, otherwise one by one."""

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        self._session = session
        self._spec = spec
        # a symbolic first dimension means any batch size
        fixed = isinstance(session.inner.get_inputs()[0].shape[0], int)
        self._batch = GPU_BATCH if session.gpu and not fixed else 1

    def estimate(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]:
        """Keypoints float32 [n, 17, 3] of x, y in image pixels and score, one row per box."""
        if not boxes:
            return np.zeros((0, 17, 3), np.float32)
        starts = range(0, len(boxes), self._batch)
        parts = [slice(start, start + self._batch) for start in starts]
        found = map(self._part, [images[part] for part in parts], [boxes[part] for part in parts])
        return np.concatenate(list(found))

    def _part(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]:
        height, width = self._spec.input_size
        # one fixed shape, as every new one costs cuDNN a search
        crops = np.zeros((self._batch, 3, height, width), np.float32)
        matrices = [crop_matrix(box, (height, width)) for box in boxes]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for row, (image, matrix) in enumerate(zip(images, matrices, strict=True)):
            crop = cv2.warpAffine(image, matrix, (width, height), flags=flags)
            crops[row] = tensor(np.asarray(crop, np.uint8), self._spec.pixels)
        across, down = self._session.run(crops)[:2]
        poses = decoded(across[: len(boxes)], down[: len(boxes)])
        for pose, matrix in zip(poses, matrices, strict=True):
            pose[:, :2] = pose[:, :2] * matrix[0, 0] + matrix[:, 2]
        return poses
