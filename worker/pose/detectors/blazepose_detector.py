"""Position and rotation of a body in a picture, by MediaPipe's BlazePose detector (Apache-2.0).

It runs on one person's box at a time: on whole pictures it misses most people who are small or
turned away, which the person detector finds (see the README).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.pose.geometry.boxes import Boxes, iou
from worker.pose.geometry.roi import Region, crop, from_points, matrix
from worker.pose.inference.session import Session

AROUND = 1.5
"""Side of the square that the detector gets, over the longer side of the person's box: its circle
encloses the outstretched body."""
SURE = 0.5
"""Least score of a detection (min_score_thresh of pose_detection_cpu.pbtxt)."""
SAME = 0.3
"""Overlap (IoU) above which detections are averaged (min_suppression_threshold there)."""


def blended(
    detections: NDArray[np.float32], scores: NDArray[np.float32], least: float = SURE
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weighted non-maximum suppression: detections that overlap the best are averaged by score.

    Takes detections [n, 12] (x, y of the centre, width, height, four points) and scores [n];
    returns those that remain [m, 12] and their scores [m], best first.
    """
    likely = scores >= least
    detections, scores = detections[likely], scores[likely]
    half = detections[:, 2:4] / 2
    boxes = np.concatenate([detections[:, :2] - half, detections[:, :2] + half], axis=1)
    order = np.argsort(-scores, kind="stable")
    kept, marks = [], []
    while len(order):
        near = iou(boxes[order[0]], boxes[order]) > SAME
        near[0] = True  # a box without area overlaps nothing
        group = order[near]
        kept.append(np.average(detections[group], axis=0, weights=scores[group]))
        marks.append(scores[order[0]])
        order = order[~near]
    return np.array(kept, np.float32).reshape(-1, 12), np.array(marks, np.float32)


class BodyDetector:
    """BlazePose's detector, run on one person's box."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._size = int(session.inner.get_inputs()[0].shape[1])

    def region(self, image: NDArray[np.uint8], box: Boxes) -> Region | None:
        """Region of the person in `box` [4] of `image` uint8 RGB [h, w, 3]; None if not
        detected."""
        middle = (box[:2] + box[2:]) / 2
        side = max(float((box[2:] - box[:2]).max()), 8.0) * AROUND
        square = np.array([*middle, side, 0], np.float32)
        outputs = self._session.run(crop(image, square, self._size)[None])
        found, _ = blended(outputs[0][0], outputs[1][0])
        own = matrix(square)
        for detection in found:
            hips, rim = detection[4:8].reshape(2, 2) @ own[:, :2].T + own[:, 2]
            if (box[:2] <= hips).all() and (hips <= box[2:]).all():
                return from_points(hips, rim)
        return None
