"""Frames to chunks of 33 landmarks with depth, by three models.

The person detector finds the subject, BlazePose's own detector how the body lies, its landmark
network where the joints are. Regions are tracked over keyframes and interpolated, so that the
frames between do not depend on each other; a chunk depends on its own frames and the state of the
one before, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.contract.landmarks import COCO_PLACES
from worker.contract.poses import SPATIAL, TURN, Environment, PoseChunk, quantised
from worker.pose.detectors.blazepose_detector import BodyDetector
from worker.pose.detectors.nanodet import Detections
from worker.pose.estimators.blazepose_landmarks import COUNT, Landmarker, LandmarkResult
from worker.pose.geometry.boxes import Boxes, around, covered
from worker.pose.geometry.roi import Region, from_box, unwrap_angles
from worker.pose.interfaces import Image, PeopleDetector
from worker.pose.tracking.box_interpolation import interpolate
from worker.pose.tracking.subject_tracker import Choice, SubjectTracker
from worker.pose.turned_picture import LOOKS, Estimate, turn_of

PRESENT = 0.5
"""Presence above which a person counts as found (ThresholdingCalculator in MediaPipe's
tensors_to_pose_landmarks_and_segmentation.pbtxt)."""
SAME = 0.5
"""Share of the smaller of two boxes that must lie in the other for them to be one person."""
APPROACHES = 2
"""Runs of the landmark network that turn an upright guess into the region of the body: on annotated
COCO people the mean OKS of the next run is 0.51 after one, 0.52 after two. After the body detector
one is enough."""


_COCO = np.array(COCO_PLACES)


class LandmarkEngine:
    """The models of `blazepose=true`, an `Estimation` of 33 landmarks; for one job at a time.

    `upright_joints` gives 17 joints of who is in a box, which tell who exercises, by a network that
    sees bodies on their side or head badly: what it sees better in the turned picture is a picture
    that was turned.
    """

    keypoints = COUNT

    def __init__(
        self,
        finder: PeopleDetector,
        pool: Executor | None,
        detector: BodyDetector,
        landmarker: Landmarker,
        environment: Environment,
        upright_joints: Estimate,
    ) -> None:
        self._finder, self._pool = finder, pool
        self._detector = detector
        self._landmarker = landmarker
        self.environment = environment
        self._upright_joints = upright_joints

    def estimate(
        self,
        index: int,
        first: int,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> PoseChunk:
        """The quantised chunk of `images` (uint8 RGB [h, w, 3] each, one size); `keys` are the rows
        of those in which people are looked for."""
        height, width = images[0].shape[:2]
        seen = self._seen(images, keys)
        tracked, after = self._followed(times_us, images, seen, state)
        known = zip(seen, unwrap_angles(tracked), strict=True)
        joints, drawn = self._poses(images, dict(interpolate(times_us, known)))
        return _chunk(index, first, times_us, joints, drawn, (width, height), after)

    def warm_up_state(
        self,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> dict[str, Any]:
        """The state that `estimate` would leave, without estimating all poses."""
        return self._followed(times_us, images, self._seen(images, keys), state)[1]

    def _seen(self, images: Sequence[Image], keys: Sequence[int]) -> dict[int, Detections]:
        """Everybody in each keyframe, by its row."""
        looks = self._pool.map if self._pool else map
        found = looks(self._finder.detect, [images[row] for row in keys])
        return dict(zip(keys, found, strict=True))

    def _followed(
        self,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        seen: Mapping[int, Detections],
        state: dict[str, Any],
    ) -> tuple[list[Region | None], dict[str, Any]]:
        """The subject's region in each keyframe, and the state after them."""
        height, width = images[0].shape[:2]
        tracker = SubjectTracker.restore(width, height, state)
        known = None if tracker.last_box() is None else state.get("region")
        body = _Body(self, None if known is None else np.array(known, np.float32))
        for row, people in seen.items():
            time_s = float(times_us[row]) / 1e6
            detected = tracker.update(people, time_s, partial(self._upright_joints, images[row]))
            box = body.follow(images[row], detected)
            if detected is None and box is not None and row == len(images) - 1:
                tracker.follow(box, time_s)
        last = body.regions[-1]
        after = {**tracker.state(), "region": None if last is None else last.tolist()}
        turn = state.get(TURN)
        if turn is None:
            turn = self._turn([images[row] for row in seen], body.regions)
        return body.regions, after if turn is None else {**after, TURN: turn}

    def _turn(self, images: Sequence[Image], regions: Sequence[Region | None]) -> int | None:
        """Quarter turns, clockwise, that make the pictures upright; None while nobody is seen.

        These networks find bodies however they lie, so no picture is turned for them: it is for
        those who read the joints.
        """
        seen = [pair for pair in zip(images, regions, strict=True) if pair[1] is not None]
        rows = np.linspace(0, len(seen) - 1, min(len(seen), LOOKS)).astype(int)
        shown = [seen[row][0] for row in rows]
        boxes = [around(self.detect(*seen[row]).joints[_COCO, :3]) for row in rows]
        poses = [
            self._upright_joints(image, box)
            for image, box in zip(shown, boxes, strict=True)
            if box is not None
        ]
        return turn_of(shown or [images[len(images) // 2]], poses, self._people,
                       self._upright_joints)  # fmt: skip

    def _people(self, image: Image, _expected: Boxes | None) -> Detections:
        return self._finder.detect(image)

    def estimate_image(self, image: Image, choice: Choice = "auto") -> PoseChunk:
        """The pose in a still image of the person of `choice`: a chunk of one frame."""
        height, width = image.shape[:2]
        tracker = SubjectTracker(width, height, choice=choice)
        box = tracker.update(self._finder.detect(image), 0.0)
        if box is None:
            box = np.array([0, 0, width, height], np.float32)
        region = self.found(image, box)
        joints, drawn = self._poses([image], {0: region})
        turn = self._turn([image], [region if joints.any() else None])
        state = {} if turn is None else {TURN: turn}
        return _chunk(0, 0, np.zeros(1, np.int64), joints, drawn, (width, height), state)

    def detect(self, image: Image, region: Region) -> LandmarkResult:
        """Runs the landmark network on one region of `image`."""
        return self._landmarker.detect([image], [region])[0]

    def found(self, image: Image, box: Boxes) -> Region:
        """The region of the body in a box: that of the body detector, or an upright one.

        It is then moved to where the landmarks in it say that the body is.
        """
        seen = self._detector.region(image, box)
        region = from_box(box) if seen is None else seen
        for _ in range(APPROACHES if seen is None else 1):
            look = self.detect(image, region)
            if look.presence <= PRESENT:
                break
            region = look.region
        return region

    def _poses(
        self, images: Sequence[Image], regions: Mapping[int, Region]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Joints [n, 33, 7] in pixels and metres, boxes [n, 4] in pixels; zeros where nobody is.

        `regions` are by row of `images`.
        """
        joints = np.zeros((len(images), COUNT, SPATIAL), np.float32)
        drawn = np.zeros((len(images), 4), np.float32)
        looks = self._landmarker.detect([images[row] for row in regions], list(regions.values()))
        for row, look in zip(regions, looks, strict=True):
            if look.presence > PRESENT:
                box = around(look.joints)
                joints[row], drawn[row] = look.joints, 0 if box is None else box
        return joints, drawn


class _Body:
    """The subject's region from keyframe to keyframe, tracked as MediaPipe does.

    It is where the landmarks of the last keyframe put it, as long as there is somebody, and that is
    the subject.
    """

    def __init__(self, engine: LandmarkEngine, last: Region | None) -> None:
        self._engine = engine
        self._last = last
        self.regions: list[Region | None] = []

    def follow(self, image: Image, detected: Boxes | None) -> Boxes | None:
        """The box of the body in the next keyframe, where the subject was `detected` (None:
        not)."""
        region, box = self._tracked(image, detected)
        if region is None and detected is not None:
            region, box = self._engine.found(image, detected), detected
        self._last = region
        self.regions.append(region)
        return box

    def _tracked(self, image: Image, detected: Boxes | None) -> tuple[Region | None, Boxes | None]:
        if self._last is None:
            return None, None
        detect = self._engine.detect(image, self._last)
        body = around(detect.joints) if detect.presence > PRESENT else None
        if body is None or (detected is not None and not _same(body, detected)):
            return None, None
        return detect.region, body


def _same(body: Boxes, detected: Boxes) -> bool:
    """Whether two boxes are of one person; detectors often see half of somebody who lies."""
    return max(covered(body, detected), covered(detected, body)) >= SAME


def _chunk(
    index: int,
    first: int,
    times_us: NDArray[np.int64],
    joints: NDArray[np.float32],
    drawn: NDArray[np.float32],
    size: tuple[int, int],
    state: dict[str, Any],
) -> PoseChunk:
    """The quantised chunk: pixels become 0-1 of the frame, depth widths of it, as in MediaPipe."""
    joints[..., :2] /= np.array(size, np.float32)
    joints[..., 3] /= np.float32(size[0])
    drawn /= np.tile(np.array(size, np.float32), 2)
    return quantised(PoseChunk(index, first, times_us, joints, drawn, state))
