"""Person boxes by NanoDet-g (RangiLyu, Apache-2.0; COCO person class)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.pose.geometry.boxes import Boxes, iou, suppress
from worker.pose.inference.session import Session

SIDE = 416
WIDE_SIDE = 544
"""Input size of the second pass, in pixels: NanoDet's score collapses for people who are 145-175 or
285-370 px tall in its input, and another size moves them out of these ranges."""
THRESHOLD = 0.25
SURE = 0.45
EXPECTED = 0.7
"""Overlap (IoU) with the subject's last box from which a detection of any score is the subject."""
_OVERLAP = 0.6
_STEP = 32


@dataclass(frozen=True)
class Detections:
    """People in one image: boxes float32 [m, 4] in its pixels, scores float32 [m], best first."""

    boxes: Boxes
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)


def letterbox(image: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    """The image scaled to fit `side`, padded right and below to multiples of 32; and the scale."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    padded = [-(-size // _STEP) * _STEP for size in reversed(inner)]
    canvas = np.zeros((*padded, 3), np.uint8)
    # bilinear would cost a third, but loses silhouettes: 6 % fewer frames with a person in one clip
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[: inner[1], : inner[0]] = cv2.resize(image, inner, interpolation=method)
    return canvas, scale


class PersonDetector:
    """Finds people in one image per call, as batching does not pay off on a CPU."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, image: NDArray[np.uint8], expected: Boxes | None = None, /) -> Detections:
        """People in `image` uint8 RGB [h, w, 3].

        A second pass of another input size runs where no score of the first reaches SURE; with an
        `expected` box [4] where nobody is in it, nor anybody sure near it.
        """
        found = self._look(image, SIDE)
        enough = len(found) > 0 and bool(found.scores[0] >= SURE)
        if expected is not None:
            overlap = iou(expected, found.boxes).max(initial=0)
            enough = overlap >= EXPECTED or (enough and overlap > 0)
        return found if enough else _union(found, self._look(image, WIDE_SIDE))

    def everybody(self, image: NDArray[np.uint8]) -> Detections:
        """People in a picture of many, by both passes: one sure find tells nothing about the
        others."""
        return _union(self._look(image, SIDE), self._look(image, WIDE_SIDE))

    def plain(self, image: NDArray[np.uint8]) -> Detections:
        """People in `image`, by one pass of the network at its own size, `SIDE`."""
        return self._look(image, SIDE)

    def _look(self, image: NDArray[np.uint8], side: int) -> Detections:
        canvas, scale = letterbox(image, side)
        boxes, scores = (output[0] for output in self._session.run(canvas[None]))
        likely = scores > THRESHOLD
        boxes, scores = boxes[likely] / scale, scores[likely]
        kept = suppress(boxes, scores, _OVERLAP)
        height, width = image.shape[:2]
        boxes = np.clip(boxes[kept], 0, [width, height, width, height]).astype(np.float32)
        return Detections(boxes, scores[kept])


def near(found: Detections, box: Boxes) -> bool:
    """Whether somebody was found where a person was, in `box` [4]."""
    return bool((iou(box, found.boxes) > 0).any())


def _union(one: Detections, other: Detections) -> Detections:
    boxes = np.concatenate([one.boxes, other.boxes])
    scores = np.concatenate([one.scores, other.scores])
    kept = suppress(boxes, scores, _OVERLAP)
    return Detections(boxes[kept], scores[kept])
