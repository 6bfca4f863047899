"""Input of third-party networks: float32, channels first, in their channel order and scale."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.pose.weights.spec import Pixels

GREY = 114
"""Value that pictures are padded with (YOLOX, mmdet's Pad)."""


def tensor(image: NDArray[np.uint8], pixels: Pixels | None) -> NDArray[np.float32]:
    """`image` uint8 RGB [h, w, 3] as float32 [3, h, w], with order, mean and deviation of
    `pixels`."""
    wanted = pixels or Pixels()
    ordered = image if wanted.order == "rgb" else image[..., ::-1]
    mean, deviation = (np.array(of, np.float32) for of in (wanted.mean, wanted.deviation))
    scaled = (ordered.astype(np.float32) - mean) / deviation
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def letterbox(image: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.uint8], float]:
    """The image scaled to fit (height, width) in the upper left corner, grey elsewhere; and the
    scale."""
    height, width = image.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = (max(1, int(width * scale)), max(1, int(height * scale)))
    canvas = np.full((*size, 3), GREY, np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
    return canvas, scale
