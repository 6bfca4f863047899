"""What the models say of frames, which may be asked for again: by a chunk that was too coarse."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes
from worker.pose.interfaces import Image
from worker.pose.tracking.detector_skipping import Pose

DetectAll = Callable[[Sequence[Image]], Sequence[Detections]]
Detect = Callable[[Image, Boxes | None], Detections]
"""Everybody in a picture, in which somebody may be expected in a box."""


@dataclass
class _Answers:
    people: dict[bytes, Detections] = field(default_factory=dict)
    poses: dict[bytes, Pose] = field(default_factory=dict)


class InferenceCache:
    """The models on pictures; no question about a picture is asked twice while the picture is
    kept."""

    def __init__(self, detect: Detect, estimate: Callable[[Image, Boxes], Pose]) -> None:
        self._detect = detect
        self._estimate = estimate
        self._answers: dict[int, _Answers] = {}

    def people(self, image: Image, box: Boxes | None) -> Detections:
        """Everybody in a picture in which the subject is expected in `box`."""
        answers = self._of(image)
        key = b"" if box is None else box.tobytes()
        if key not in answers.people:
            answers.people[key] = self._detect(image, box)
        return answers.people[key]

    def pose(self, image: Image, box: Boxes) -> Pose:
        """The joints [17, 3] of who is in `box` of a picture, x and y in pixels."""
        known = self.known_pose(image, box)
        if known is None:
            known = self._estimate(image, box)
            self.keep_pose(image, box, known)
        return known

    def known_pose(self, image: Image, box: Boxes) -> Pose | None:
        """The same where it is known already."""
        return self._of(image).poses.get(box.tobytes())

    def look_at_all(self, images: Sequence[Image], detect: DetectAll) -> None:
        """Lets `detect` look at all of the pictures that were not yet looked at with nobody
        expected."""
        new = [image for image in images if b"" not in self._of(image).people]
        for image, people in zip(new, detect(new), strict=True):
            self._of(image).people[b""] = people

    def keep_pose(self, image: Image, box: Boxes, pose: Pose) -> None:
        """Takes a pose that was estimated elsewhere."""
        self._of(image).poses[box.tobytes()] = pose

    def _of(self, image: Image) -> _Answers:
        name = id(image)
        if name not in self._answers:
            self._answers[name] = _Answers()
            weakref.finalize(image, self._answers.pop, name, None).atexit = False
        return self._answers[name]
