"""What the models say of pictures, which may be asked again: by a chunk that was too coarse."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes
from worker.pose.interfaces import Image, JointEstimator, PeopleDetector
from worker.pose.tracking.track import Pose


class InferenceCache:
    """The models on pictures; no question about a picture is asked twice while the picture is kept.

    With a `pool` its threads alone compute, and what is begun goes on beside the caller; with
    `batches` poses wait for each other, which is what a GPU wants. The answers are the same.
    """

    def __init__(
        self,
        detector: PeopleDetector,
        estimator: JointEstimator,
        pool: Executor | None = None,
        *,
        batches: bool = False,
    ) -> None:
        self._detector = detector
        self._estimator = estimator
        self._pool = pool
        self._batches = batches
        self._answers: dict[int, dict[Any, Any]] = {}

    def begin(self, image: Image, box: Boxes | None = None) -> None:
        """Begins to look for everybody in a picture, or for the joints of who is in `box`."""
        if self._pool and not (self._batches and box is not None):
            self._ask(image, box, self._detector.detect if box is None else self._single)

    def people(self, image: Image, expected: Boxes | None = None) -> Detections:
        """Everybody in a picture, in which somebody may be `expected` in a box."""
        found: Detections = self._answer(image, expected, self._detector.detect)
        return found

    def pose(self, image: Image, box: Boxes) -> Pose:
        """The joints [17, 3] of who is in `box` of a picture, x and y in pixels."""
        pose: Pose = self._answer(image, box, self._single)
        return pose

    def poses(self, images: Sequence[Image], boxes: Sequence[Boxes]) -> list[Pose]:
        """The same for several pictures and the box in each."""
        pairs = list(zip(images, boxes, strict=True))
        new = [pair for pair in pairs if _name(pair[1], self._single) not in self._of(pair[0])]
        if self._batches and new:
            found = self._estimator.estimate(*map(list, zip(*new, strict=True)))
            for (image, box), pose in zip(new, found, strict=True):
                self._of(image)[_name(box, self._single)] = pose
        return [self.pose(*pair) for pair in pairs]

    def _single(self, image: Image, box: Boxes) -> Pose:
        pose: Pose = self._estimator.estimate([image], [box])[0]
        return pose

    def _answer(self, image: Image, box: Boxes | None, model: Callable[..., Any]) -> Any:
        answer = self._ask(image, box, model)
        return answer.result() if isinstance(answer, Future) else answer

    def _ask(self, image: Image, box: Boxes | None, model: Callable[..., Any]) -> Any:
        answers, name = self._of(image), _name(box, model)
        if name not in answers:
            pool = self._pool
            answers[name] = pool.submit(model, image, box) if pool else model(image, box)
        return answers[name]

    def _of(self, image: Image) -> dict[Any, Any]:
        if id(image) not in self._answers:
            self._answers[id(image)] = {}
            weakref.finalize(image, self._answers.pop, id(image), None).atexit = False
        return self._answers[id(image)]


def _name(box: Boxes | None, model: Callable[..., Any]) -> tuple[str, bytes | None]:
    return model.__name__, None if box is None else box.tobytes()
