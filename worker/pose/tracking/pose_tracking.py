"""The subject's box at the keyframes of a chunk, by detection or by its pose.

A subject who was surely detected, alone and with a clear pose, is followed by its pose for a while
and the detector rests. Joints do not reach as far as the body does: how far it exceeds them is
known from where it was detected, so a box does not change because the detector stops looking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import EXPECTED, SURE, Detections, near
from worker.pose.estimators.movenet import MASK
from worker.pose.geometry.boxes import Boxes, area, around, covered, grow, iou
from worker.pose.interfaces import Image
from worker.pose.tracking.cut_detection import is_cut, thumbnail
from worker.pose.tracking.inference_cache import InferenceCache
from worker.pose.tracking.subject_tracker import COMPARABLE, SubjectTracker
from worker.pose.tracking.track import Pose

REST_S = 1.0
"""Media time in which the detector looks at least once: who comes in is seen by then."""
CLEAR = 0.6
"""Least mean keypoint score of a pose to follow: boxes by 5,145 such poses of Lightning (bench) are
where the detector surely sees somebody (IoU 0.5) in 98.8 %, by 1,479 of 0.5 to 0.6 in 92.7 %."""
REACHES = MASK - 0.03
"""Factor on the box in which a pose is looked for, within which the body must be for all of it to
have been seen: outside of MASK the crop is black."""


class PoseTracker:
    """Goes from keyframe to keyframe; where it `rests`, the detector does whenever it may.

    `poses` are by row those of the keyframes in which it did, `sure` says of each keyframe whether
    the detector surely saw the subject there.
    """

    def __init__(
        self,
        tracker: SubjectTracker,
        looks: InferenceCache,
        images: Sequence[Image],
        times_us: NDArray[np.int64],
        *,
        rests: bool,
    ) -> None:
        self._tracker = tracker
        self._looks = looks
        self._images = images
        self._times: list[float] = (times_us / 1e6).tolist()
        self._rests = rests
        self._beyond: Boxes | None = None
        self._looked = self._doubted = -1
        self.poses: dict[int, Pose] = {}
        self.sure: dict[int, bool] = {}

    def go(self, rows: Iterable[int]) -> Iterator[tuple[int, Boxes | None]]:
        """Passes the keyframes in `rows`; gives each with the subject's box in it, None where it is
        not."""
        for row in rows:
            before, self._tracker.view = self._tracker.view, thumbnail(self._images[row])
            cut = is_cut(before, self._tracker.view)
            box = None if cut else self._followed(row)
            self.sure[row] = box is None
            yield row, self._detected(row, cut=cut) if box is None else box

    def _followed(self, row: int) -> Boxes | None:
        """The subject's box without a look, None where one is due or the pose leaves a doubt."""
        track, time_s = self._tracker.subject_track(), self._times[row]
        if track is None or self._beyond is None or _second(time_s) != self._looked:
            return None
        last, onward = track.array(), track.expected(time_s)
        # where it is if it stays as well as where it is if it goes on
        box = np.concatenate([np.minimum(last, onward)[:2], np.maximum(last, onward)[2:]])
        pose = self._looks.pose(self._images[row], box)
        placed = self._placed(pose, row)
        if (
            placed is None
            or float(iou(placed, box[None])[0]) < EXPECTED
            or covered(placed, grow(box, REACHES)) < 1
        ):
            # it moves too fast to be followed for now: every attempt costs a pose
            self._doubted = _second(time_s)
            return None
        self.poses[row] = pose
        self._tracker.follow(placed, time_s)
        return placed

    def _placed(self, pose: Pose, row: int) -> Boxes | None:
        """The subject's box by its pose, None where that is not clear."""
        joints = around(pose, margin=1.0)
        if joints is None or self._beyond is None or pose[:, 2].mean() < CLEAR:
            return None
        height, width = self._images[row].shape[:2]
        low, high = np.zeros(4, np.float32), np.array([width, height] * 2, np.float32)
        placed: Boxes = np.clip(joints + self._beyond, low, high)
        return placed

    def _detected(self, row: int, *, cut: bool) -> Boxes | None:
        """The subject's box where the detector looks, or by its pose where that is blind."""
        image, time_s, last = self._images[row], self._times[row], self._tracker.last_box()
        people = self._looks.people(image, None if self._beyond is None or cut else last)
        if last is not None and not cut and not near(people, last):
            people = self._looks.people(image, last)
        pose_of = partial(self._looks.pose, image)
        box = self._tracker.update(people, time_s, pose_of, cut=cut)
        track = self._tracker.subject_track()
        self.sure[row] = bool(track and track.detected_s == time_s and track.score >= SURE)
        self._looked, self._beyond = _second(time_s), None
        if box is not None and self._rests and self._looked != self._doubted:
            pose = self._looks.pose(image, box)
            joints = around(pose, margin=1.0)
            if (
                joints is not None
                and self.sure[row]
                and _alone(box, people)
                and pose[:, 2].mean() >= CLEAR
            ):
                self._beyond = box - joints
        return box


def _alone(box: Boxes, people: Detections) -> bool:
    """Whether nobody else who is large enough to be meant can be seen in the crop of `box` [4]."""
    large = people.boxes[area(people.boxes) >= COMPARABLE * area(box)]
    return int((iou(grow(box, MASK), large) > 0).sum()) == 1


def _second(time_s: float) -> int:
    """Which of the media's spans of REST_S a time is in; whoever begins elsewhere counts alike."""
    return int(time_s // REST_S)
