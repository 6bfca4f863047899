"""Keypoints of one person per box, by MoveNet (Google, Apache-2.0) on masked square crops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.observability.metrics import BATCH_FILL, record
from worker.pose.geometry.boxes import Boxes, grow
from worker.pose.inference.session import Session

CROP = 1.25
"""Side of the square crop over the longer side of the box, on video."""
STILL_CROP = 1.15
"""Side of the crop over that of a box that was detected in the same picture: one or two AP better.
On video, where boxes are interpolated, it made a jump of 52 cm measure 1 cm higher."""
MASK = 1.15
"""Factor on the box outside of which the crop is black: otherwise MoveNet takes joints of
neighbours (+3 to +6 AP on crowded COCO images, measured; see the README)."""
BLACK = 16
"""Least pixels of black at each side of a trimmed crop. With 8, of 490 crops of strangers' clips
0.6 % of the joints were elsewhere by over 0.05 of the body than in the square, as many as where the
square is moved by 3 pixels, and one of 161 labelled clips lost its count; with 16 none did, for
1 % more of a job's time."""
STEP = 64
"""Pixels that the sides of a trimmed crop are multiples of, so that its layers of stride 32 have
the same cells as those of the square."""
GPU_BATCH = 16
"""Crops per call on a GPU; a single crop runs alone. Every further shape costs cuDNN a search."""

AGREED = 0.06
"""Distance, in sizes of the body, up to which crop and mirror image agree on a joint."""

Matrix = NDArray[np.float64]
MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
"""Index of each joint's counterpart on the other side."""


def crop_matrix(box: Boxes, size: int, margin: float = CROP) -> Matrix:
    """Affine 2x3 from crop pixels (size x size) to image pixels, without rotation."""
    centre = (box[:2] + box[2:]) / 2
    side = max(float((box[2:] - box[:2]).max()), 8.0) * margin
    scale = side / size
    corner = centre - side / 2
    return np.array([[scale, 0, corner[0]], [0, scale, corner[1]]], np.float64)


def masked_crop(
    image: NDArray[np.uint8], box: Boxes, size: int, margin: float = CROP
) -> NDArray[np.uint8]:
    """The crop of `image` around `box`, uint8 [size, size, 3], black outside the grown box."""
    matrix = crop_matrix(box, size, margin)
    scale, origin = matrix[0, 0], matrix[:, 2].copy()
    mask = grow(box, MASK)
    low = np.clip(np.floor((mask[:2] - origin) / scale), 0, size).astype(int)
    high = np.clip(np.ceil((mask[2:] - origin) / scale), 0, size).astype(int)
    # only the part inside the mask is warped: half the pixels of an upright person's crop
    matrix[:, 2] += scale * low
    width, height = int(high[0] - low[0]), int(high[1] - low[1])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = np.zeros((size, size, 3), np.uint8)
    # a box clipped at the border may be empty
    if width and height and (mask[2:] > mask[:2]).all():
        seen = cv2.warpAffine(image, matrix, (width, height), flags=flags)
        crop[low[1] : high[1], low[0] : high[0]] = seen
    return crop


def trimmed(crop: NDArray[np.uint8], box: Boxes, margin: float = CROP) -> NDArray[np.uint8]:
    """The middle of the crop [size, size, 3] of `box`, without most of the black beside who is in
    it: [height, width, 3]."""
    size, sides = len(crop), box[2:] - box[:2]
    seen = sides * (MASK * size / (max(float(sides.max()), 8.0) * margin))
    whole = np.ceil((seen + 2 * BLACK) / STEP) * STEP
    width, height = (size - min(int(side), size) for side in whole)
    rows, columns = (slice(cut // 2, size - cut // 2) for cut in (height, width))
    return np.ascontiguousarray(crop[rows, columns])


def consensus(seen: NDArray[Any], mirrored: NDArray[Any]) -> NDArray[Any]:
    """One pose from those of crops and of their mirror images, each [n, 17, 3] (y, x, score).

    Where both agree, a joint is at their mean weighted by score; elsewhere it is where the higher
    score is, as half-way between them is no joint. Scores are averaged.
    """
    turned = mirrored[:, MIRROR].copy()
    turned[..., 1] = 1 - turned[..., 1]
    one, other = seen[..., :2], turned[..., :2]
    share = seen[..., 2:] / np.maximum(seen[..., 2:] + turned[..., 2:], 1e-6)
    size = np.ptp(seen[..., :2], axis=1).max(axis=-1)[:, None]
    apart = np.linalg.norm(one - other, axis=-1) > AGREED * size
    share = np.where(apart[..., None], np.rint(share), share)
    pose: NDArray[Any] = (seen + turned) / 2
    pose[..., :2] = one * share + other * (1 - share)
    return pose


class PoseEstimator:
    """MoveNet on boxes: in batches of square crops of `size` pixels on a GPU, one by one and
    trimmed on a CPU.

    With `flip` each crop is estimated together with its mirror image (see `consensus`); `margin` is
    the side of the crop over that of the box. A pose does not depend on the others of its batch.
    """

    def __init__(
        self, session: Session, size: int, *, flip: bool = False, margin: float = CROP
    ) -> None:
        self._session = session
        self._flip = flip
        self._margin = margin
        self.size = size
        # networks that were installed before crops were trimmed take the square alone
        self._trims = session.inner.get_inputs()[0].shape[1] != size

    def estimate(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]:
        """Keypoints float32 [n, 17, 3] of x, y in image pixels and score, one row per box."""
        if not boxes:
            return np.zeros((0, 17, 3), np.float32)
        if self._session.gpu:
            return self._batched(images, boxes)
        return np.stack([self._single(*pair) for pair in zip(images, boxes, strict=True)])

    def _single(self, image: NDArray[np.uint8], box: Boxes) -> NDArray[np.float32]:
        crop = masked_crop(image, box, self.size, self._margin)
        if self._trims:
            crop = trimmed(crop, box, self._margin)
        pose: NDArray[np.float32] = self._to_image(self._joints(crop[None]), [box])[0]
        return pose

    def _batched(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Boxes]
    ) -> NDArray[np.float32]:
        results = []
        for start in range(0, len(boxes), GPU_BATCH):
            part = list(boxes[start : start + GPU_BATCH])
            room = GPU_BATCH if len(part) > 1 else 1
            record(BATCH_FILL, len(part) / room)
            crops = np.zeros((room, self.size, self.size, 3), np.uint8)
            for row, box in enumerate(part):
                crops[row] = masked_crop(images[start + row], box, self.size, self._margin)
            results.append(self._to_image(self._joints(crops)[: len(part)], part))
        return np.concatenate(results).astype(np.float32)

    def _joints(self, crops: NDArray[np.uint8]) -> NDArray[Any]:
        """Output of the model [n, 17, 3], in shares of the square, for crops [n, h, w, 3]."""
        seen: NDArray[Any] = self._session.run(crops)[0]
        if not self._flip:
            return seen
        # ten times as fast as copying a reversed numpy view
        turned = np.stack([cv2.flip(crop, 1) for crop in crops])
        mirrored = self._session.run(turned)[0]
        return consensus(seen, mirrored)

    def _to_image(self, output: NDArray[Any], boxes: Sequence[Boxes]) -> NDArray[np.float32]:
        """Output of the model [n, 17, 3] (y, x as 0-1 of the square, score) in image pixels."""
        keypoints = np.empty((len(boxes), 17, 3), np.float32)
        for row, box in enumerate(boxes):
            matrix = crop_matrix(box, self.size, self._margin)
            places = output[row, :, 1::-1] * self.size
            keypoints[row, :, :2] = places * matrix[0, 0] + matrix[:, 2]
            keypoints[row, :, 2] = output[row, :, 2]
        return keypoints
