"""When the detector may rest: a subject that was detected beyond doubt, with a clear pose and
nobody near, is followed by its pose for a while.

Joints do not reach as far as the body does. How far the body exceeds them is known from where it
was detected, so a box does not change because the detector stops looking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import SURE, Detections, expects
from worker.pose.geometry.boxes import Boxes, area, around, grow, iou
from worker.pose.tracking.subject_tracker import COMPARABLE

REST_S = 1.0
"""Media time in which the detector looks at least once: who comes in is seen by then."""
CLEAR = 0.6
"""Least mean keypoint score of a pose to follow: 62 % of Lightning's poses of the bench's clips
have it, and 77 % of Thunder's."""
FADED = 0.85
"""Share of that score under which a followed pose is doubted."""
APART = 1.3
"""Somebody large enough to be meant who reaches into so many of the subject's boxes could be taken
for it."""
REACH = 0.35
"""Share of the box by which it exceeds the joints at an edge at most; where more, some joints were
not seen."""
OUTWARD = 0.06
"""Share of its width or height by which the box may exceed the expected one at an edge: the mask
leaves 0.075 there, so all of the body was seen."""
INWARD = 0.25
"""The same for falling short of it: a crop may be that much too wide."""
_OUT = np.array([-1, -1, 1, 1], np.float32)

Pose = NDArray[np.float32]


@dataclass(frozen=True)
class TrackedPose:
    """A subject that is followed: by how many pixels its box exceeds its joints at each edge [4],
    and the least mean score its pose may have."""

    beyond: Boxes
    least: float

    def place(self, pose: Pose, expected: Boxes, size: tuple[int, int]) -> Boxes | None:
        """The subject's box [4] by its `pose` [17, 3], looked for in the box `expected`, all in
        pixels; None where it leaves a doubt. `size` is the picture's width and height."""
        tight = around(pose, margin=1.0)
        if tight is None or pose[:, 2].mean() < self.least:
            return None
        box = np.clip(tight + self.beyond, 0, np.tile(size, 2)).astype(np.float32)
        exceeds = (box - expected) * _OUT / _sides(expected)
        return box if (exceeds <= OUTWARD).all() and (exceeds >= -INWARD).all() else None


def start_tracking(
    box: Boxes, pose: Pose, people: Detections, last: Boxes | None
) -> TrackedPose | None:
    """The hold on a subject with the joints `pose` [17, 3], which was detected in `box` [4] among
    `people` and was in the box `last` before; None where there is a doubt."""
    tight = around(pose, margin=1.0)
    score = float(pose[:, 2].mean())
    own = (people.boxes == box).all(axis=1)
    sure = (people.scores[own] >= SURE).any() or expects(last, people.boxes[own])
    if tight is None or score < CLEAR or not sure:
        return None
    beyond = box - tight
    others = people.boxes[~own & (area(people.boxes) >= COMPARABLE * area(box))]
    alone = not iou(grow(box, APART), others).any()
    whole = (np.abs(beyond) <= REACH * _sides(box)).all()
    return TrackedPose(beyond, FADED * score) if alone and whole else None


def expected(last: Boxes, before: Boxes | None) -> Boxes:
    """The box [4] to look for a subject in that was in `last`, and in `before` as long before that:
    where it is if it stays as well as where it is if it goes on."""
    if before is None:
        return last
    onward = 2 * last - before
    low, high = np.minimum(last[:2], onward[:2]), np.maximum(last[2:], onward[2:])
    return np.concatenate([low, high]).astype(np.float32)


def second(time_us: int) -> int:
    """Which of the media's spans of REST_S a frame is in; whoever begins elsewhere counts alike."""
    return int(time_us // (REST_S * 1e6))


def _sides(box: Boxes) -> Boxes:
    """Width, height, width and height, at least a pixel."""
    return np.tile(np.maximum(box[2:] - box[:2], 1), 2)
