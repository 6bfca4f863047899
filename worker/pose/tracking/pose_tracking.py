"""The subject's box at the keyframes of a chunk, by detection or by its pose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import near
from worker.pose.geometry.boxes import Boxes
from worker.pose.interfaces import Image
from worker.pose.tracking.cut_detection import is_cut, thumbnail
from worker.pose.tracking.detector_skipping import (
    Pose,
    TrackedPose,
    expected,
    second,
    start_tracking,
)
from worker.pose.tracking.inference_cache import InferenceCache
from worker.pose.tracking.subject_tracker import SubjectTracker


class PoseTracker:
    """Goes from keyframe to keyframe; where it `rests`, the detector does whenever it may.

    `poses` are by row those of the keyframes' poses that were needed to find the boxes, `sure`
    says of each keyframe whether the detector surely saw the subject there.
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
        self._times: list[int] = times_us.tolist()
        self._rests = rests
        self._last = tracker.last_box()
        self._before: Boxes | None = None
        self._hold: TrackedPose | None = None
        self._looked = self._doubted = -1
        self.poses: dict[int, Pose] = {}
        self.sure: dict[int, bool] = {}

    def go(self, rows: Iterable[int]) -> Iterator[tuple[int, Boxes | None]]:
        """Passes the keyframes in `rows`; gives each with the subject's box in it, None where it is
        not."""
        for row in rows:
            self.sure[row], cut = False, self._cut(row)
            box = None if cut else self._followed(row)
            if box is None:
                box = self._detected(row, cut=cut)
            self._before, self._last = self._last, box
            yield row, box

    def _cut(self, row: int) -> bool:
        """Whether the keyframe is of another shot than the one before."""
        before, self._tracker.view = self._tracker.view, thumbnail(self._images[row])
        return is_cut(before, self._tracker.view)

    def _followed(self, row: int) -> Boxes | None:
        """The subject's box without a look, None where one is due or the pose leaves a doubt."""
        due = second(self._times[row]) != self._looked
        if self._hold is None or self._last is None or due:
            return None
        box = expected(self._last, self._before)
        pose = self._looks.pose(self._images[row], box)
        height, width = self._images[row].shape[:2]
        placed = self._hold.place(pose, box, (width, height))
        if placed is None:
            # it moves too fast to be followed for now: every attempt costs a pose
            self._doubted = second(self._times[row])
            return None
        self.poses[row] = pose
        self._tracker.follow(placed, self._times[row] / 1e6)
        return placed

    def _detected(self, row: int, *, cut: bool) -> Boxes | None:
        """The subject's box where the detector looks, or by its pose where that is blind."""
        image, before = self._images[row], self._tracker.subject
        # only a pose vouches for where somebody is: a box that drifts would vouch for itself
        sure = None if self._hold is None or cut else self._last
        people = self._looks.people(image, sure)
        waited = self._tracker.last_box()
        if waited is not None and not cut and not near(people, waited):
            people = self._looks.people(image, waited)
        pose_of = partial(self._looks.pose, image)
        box = self._tracker.update(people, self._times[row] / 1e6, pose_of, cut=cut)
        self._looked, self._hold = second(self._times[row]), None
        # a picture that went dark is no other shot
        if self._tracker.subject != before or (cut and len(people)):
            self._last = None
        self.sure[row] = box is not None and people.is_sure(box)
        if box is not None and self._rests and self._looked != self._doubted:
            self.poses[row] = self._looks.pose(image, box)
            self._hold = start_tracking(box, self.poses[row], people, sure)
        return box
