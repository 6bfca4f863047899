"""Poses that nothing waits for, estimated beside what goes on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future

from worker.pose.geometry.boxes import Boxes
from worker.pose.interfaces import Image, JointEstimator
from worker.pose.tracking.detector_skipping import Pose


class EstimationBatch:
    """Frames and the box in each; with a `pool` they are begun at once, without one all together in
    the end, which is what a GPU wants. What they give is the same."""

    def __init__(self, estimator: JointEstimator, pool: Executor | None) -> None:
        self._estimator = estimator
        self._pool = pool
        self._frames: dict[int, tuple[Image, Boxes]] = {}
        self._begun: dict[int, Future[Pose]] = {}

    def put(self, row: int, image: Image, box: Boxes) -> None:
        """Takes a frame, named `row`."""
        if self._pool:
            self._begun[row] = self._pool.submit(self._single, image, box)
        else:
            self._frames[row] = (image, box)

    def done(self) -> Iterator[tuple[int, Pose]]:
        """Each row with its joints [17, 3], x and y in pixels."""
        for row, begun in self._begun.items():
            yield row, begun.result()
        images, boxes = zip(*self._frames.values(), strict=True) if self._frames else ((), ())
        yield from zip(self._frames, self._estimator.estimate(images, boxes), strict=True)

    def _single(self, image: Image, box: Boxes) -> Pose:
        pose: Pose = self._estimator.estimate([image], [box])[0]
        return pose
