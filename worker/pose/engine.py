"""Frames to pose chunks: detect on keyframes, follow the subject, estimate every frame.

A chunk depends on its own frames and on the state that the chunk before it left, and on nothing
else; how many processors work on it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import COUNT
from worker.contract.poses import Environment, PoseChunk, quantised
from worker.pose.boxes import Boxes, around, grow
from worker.pose.detector import PersonDetector
from worker.pose.estimator import PoseEstimator
from worker.pose.path import interpolate, keyframes
from worker.pose.session import Provider, open_session
from worker.pose.subject import SubjectTracker

MAX_SIDE = 640
"""Longest side in pixels at which frames are analysed."""
PRESENT = 0.22
"""Mean keypoint score under which nobody is taken to be there."""
MODEL = "nanodet_person+movenet_thunder"

Image = NDArray[np.uint8]


class PoseEngine:
    """The models of one process; made once, after the fork, and used for one job at a time."""

    def __init__(self, models: Path, provider: Provider = "auto", threads: int = 1) -> None:
        # small pictures: OpenCV's own threads cost more than they bring
        cv2.setNumThreads(1)
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        detector = open_session(models / "nanodet_person.onnx", provider)
        estimator = open_session(models / "movenet_thunder.onnx", provider)
        self._detector = PersonDetector(detector)
        self._estimator = PoseEstimator(estimator, self._pool)
        self.environment = Environment(
            execution_provider=estimator.provider,
            device="gpu" if estimator.gpu else "cpu",
            model=MODEL,
            gpu=estimator.gpu,
        )

    def estimate(
        self,
        index: int,
        first: int,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
    ) -> PoseChunk:
        """The quantised chunk of `images` (uint8 RGB [h, w, 3] each, one size)."""
        height, width = images[0].shape[:2]
        tracker = SubjectTracker.restore(width, height, state)
        rows = keyframes(times_us)
        before = tracker.last_box()
        boxes = self._detect(tracker, rows, times_us, images)
        known = self._fill(tracker, boxes, rows, times_us, images, before)
        path = interpolate(times_us, rows, known)
        keypoints, drawn = self._poses(images, path)
        size = np.array([width, height], np.float32)
        keypoints[..., :2] /= size
        drawn /= np.tile(size, 2)
        chunk = PoseChunk(index, first, times_us, keypoints, drawn, tracker.state())
        return quantised(chunk)

    def estimate_image(self, image: Image) -> PoseChunk:
        """The one pose of a still image: largest and most central person, looked at twice."""
        height, width = image.shape[:2]
        tracker = SubjectTracker(width, height)
        box = tracker.update(self._detector.detect(image), 0.0)
        whole = np.array([0, 0, width, height], np.float32)
        pose = self._estimator.estimate([image], [whole if box is None else box])[0]
        if box is None:
            box = around(pose)
            pose = self._estimator.estimate([image], [box])[0] if box is not None else pose
        keypoints = pose[None].copy()
        drawn = np.zeros((1, 4), np.float32) if box is None else box[None].copy()
        if box is None or pose[:, 2].mean() < PRESENT:
            keypoints[:], drawn[:] = 0, 0
        keypoints[..., :2] /= np.array([width, height], np.float32)
        drawn /= np.array([width, height, width, height], np.float32)
        return quantised(PoseChunk(0, 0, np.zeros(1, np.int64), keypoints, drawn))

    def _detect(
        self,
        tracker: SubjectTracker,
        rows: Sequence[int],
        times_us: NDArray[np.int64],
        images: Sequence[Image],
    ) -> list[Boxes | None]:
        frames = [images[row] for row in rows]
        looks = self._pool.map if self._pool else map
        found = list(looks(self._detector.detect, frames))
        return [
            tracker.update(people, float(times_us[row]) / 1e6)
            for people, row in zip(found, rows, strict=True)
        ]

    def _fill(
        self,
        tracker: SubjectTracker,
        boxes: list[Boxes | None],
        rows: Sequence[int],
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        before: Boxes | None,
    ) -> list[Boxes | None]:
        """Keyframes where the detector was blind, filled by following the pose itself."""
        filled = list(boxes)
        last = before
        for place, row in enumerate(rows):
            if filled[place] is None and last is not None:
                guess = grow(last, 1.1)
                pose = self._estimator.estimate([images[row]], [guess])[0]
                box = around(pose, margin=1.2) if pose[:, 2].mean() >= PRESENT else None
                filled[place] = box
                if box is not None and place == len(rows) - 1:
                    tracker.follow(box, float(times_us[row]) / 1e6)
            last = filled[place]
        return filled

    def _poses(
        self, images: Sequence[Image], path: Sequence[Boxes | None]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = [row for row, box in enumerate(path) if box is not None]
        boxes = [box for box in path if box is not None]
        keypoints = np.zeros((len(path), COUNT, 3), np.float32)
        drawn = np.zeros((len(path), 4), np.float32)
        if not rows:
            return keypoints, drawn
        poses = self._estimator.estimate([images[row] for row in rows], boxes)
        present = poses[..., 2].mean(axis=1) >= PRESENT
        for row, pose, box, there in zip(rows, poses, boxes, present, strict=True):
            if there:
                keypoints[row], drawn[row] = pose, box
        return keypoints, drawn
