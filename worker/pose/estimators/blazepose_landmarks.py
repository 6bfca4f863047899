"""The 33 landmarks of the person in a region, by MediaPipe's BlazePose (Google, Apache-2.0).

After MediaPipe's graph pose_landmark_by_roi_cpu.pbtxt: crop, network, refinement from the heatmap,
projection back (LandmarkProjectionCalculator, WorldLandmarkProjectionCalculator).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.contract.landmarks import MEDIAPIPE_NAMES
from worker.contract.poses import SPATIAL
from worker.observability.metrics import BATCH_FILL, record
from worker.pose.estimators.heatmap_refinement import refined
from worker.pose.geometry.roi import Region, crop, from_points, matrix
from worker.pose.inference.session import Session

COUNT = len(MEDIAPIPE_NAMES)
_ALIGNED = COUNT + 2
"""Points that are refined: the landmarks, then the two that give the next region."""
GPU_BATCH = 16
"""Crops per call on a GPU; a single crop runs alone. Every further shape costs cuDNN a search."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LandmarkResult:
    """Result of the network for one region.

    `joints` [33, 7]: x, y in pixels of the picture, score 0-1, z in pixels (0 at the middle of the
    hips, smaller is nearer), and x, y, z in metres from there, along the picture's axes. `presence`
    0-1: whether there is a body. `region` is where it now is.
    """

    joints: Floats
    presence: float
    region: Region


class Landmarker:
    """The landmark network: in batches on a GPU, one by one over a thread pool on a CPU.

    A result does not depend on the others of its batch.
    """

    def __init__(self, session: Session, pool: Executor | None = None) -> None:
        self._session = session
        self._pool = pool
        self._size = int(session.inner.get_inputs()[0].shape[1])

    def detect(
        self, images: Sequence[NDArray[np.uint8]], regions: Sequence[Region]
    ) -> list[LandmarkResult]:
        """A result for each image uint8 RGB [h, w, 3] and its region."""
        if self._session.gpu:
            return self._batched(images, regions)
        looks = self._pool.map if self._pool else map
        return list(looks(self._single, images, regions))

    def _single(self, image: NDArray[np.uint8], region: Region) -> LandmarkResult:
        outputs = self._session.run(crop(image, region, self._size)[None])
        return looked([output[0] for output in outputs], region)

    def _batched(
        self, images: Sequence[NDArray[np.uint8]], regions: Sequence[Region]
    ) -> list[LandmarkResult]:
        looks = []
        for start in range(0, len(regions), GPU_BATCH):
            part = regions[start : start + GPU_BATCH]
            room = GPU_BATCH if len(part) > 1 else 1
            record(BATCH_FILL, len(part) / room)
            crops = np.zeros((room, self._size, self._size, 3), np.uint8)
            for row, region in enumerate(part):
                crops[row] = crop(images[start + row], region, self._size)
            outputs = self._session.run(crops)
            looks += [
                looked([output[row] for output in outputs], region)
                for row, region in enumerate(part)
            ]
        return looks


def looked(outputs: Sequence[NDArray[Any]], region: Region) -> LandmarkResult:
    """The result for one crop of `region`, in pixels of the picture and metres.

    `outputs` are landmarks [39, 5] (x, y, z as shares of the crop, visibility, presence), world
    [39, 3] (metres), presence [1] and heatmap [39, h, w] (logits).
    """
    marks, world, presence, heatmap = outputs
    own = matrix(region)
    places = refined(marks[:_ALIGNED, :2], heatmap[:_ALIGNED]) @ own[:, :2].T + own[:, 2]
    joints = np.empty((COUNT, SPATIAL), np.float32)
    joints[:, :2] = places[:COUNT]
    # score: the lower of visibility (not hidden) and presence (inside the picture)
    joints[:, 2] = marks[:COUNT, 3:].min(axis=1)
    joints[:, 3] = marks[:COUNT, 2] * region[2]
    turn = float(region[3])
    cosine, sine = math.cos(turn), math.sin(turn)
    joints[:, 4:6] = world[:COUNT, :2] @ np.array([[cosine, sine], [-sine, cosine]])
    joints[:, 6] = world[:COUNT, 2]
    return LandmarkResult(joints, float(presence[0]), from_points(*places[COUNT:_ALIGNED]))
