"""The pose in one picture that is not part of a video."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.poses import TURN, PoseChunk, quantised, turned_joints
from worker.pose.geometry.boxes import Boxes, around
from worker.pose.interfaces import Image, JointEstimator, PeopleDetector
from worker.pose.tracking.subject_tracker import PRESENT, Choice, SubjectTracker
from worker.pose.turned_picture import turn_of, turned, turned_boxes

Pose = NDArray[np.float32]


class StillEstimation:
    """A detector and an estimator of joints, on single pictures uint8 RGB [h, w, 3]."""

    def __init__(self, detector: PeopleDetector, estimator: JointEstimator) -> None:
        self._detector = detector
        self._estimator = estimator

    def estimate(self, image: Image, choice: Choice = "auto") -> PoseChunk:
        """The pose of the person of `choice`: a chunk of one frame.

        Where the detector finds nobody, the whole picture is estimated, and then the box of its
        joints. Who stands in a picture on its side or upside down is estimated upright.
        """
        keypoints, drawn, pose = self._upright(image, choice)
        known = [pose] if keypoints.any() else []
        turn = turn_of([image], known, self._detector.detect, self.pose)
        if turn:
            keypoints, drawn, _ = self._upright(turned(image, turn), choice)
            keypoints, drawn = turned_joints(keypoints, -turn), turned_boxes(drawn, -turn)
        state = {} if turn is None else {TURN: turn}
        return quantised(PoseChunk(0, 0, np.zeros(1, np.int64), keypoints, drawn, state))

    def pose(self, image: Image, box: Boxes) -> Pose:
        """The joints [17, 3] of who is in `box`, x and y in pixels."""
        pose: Pose = self._estimator.estimate([image], [box])[0]
        return pose

    def _upright(self, image: Image, choice: Choice) -> tuple[Pose, Boxes, Pose]:
        """Joints [1, 17, 3] and box [1, 4] (0-1) in `image` as it is, zeros where nobody is, and
        the pose [17, 3] in pixels."""
        height, width = image.shape[:2]
        tracker = SubjectTracker(width, height, choice=choice)
        box = tracker.update(self._detector.detect(image), 0.0)
        whole = np.array([0, 0, width, height], np.float32)
        pose = self.pose(image, whole if box is None else box)
        if box is None:
            box = around(pose)
            pose = self.pose(image, box) if box is not None else pose
        keypoints = pose[None].copy()
        drawn = np.zeros((1, 4), np.float32) if box is None else box[None].copy()
        if box is None or pose[:, 2].mean() < PRESENT:
            keypoints[:], drawn[:] = 0, 0
        keypoints[..., :2] /= np.array([width, height], np.float32)
        drawn /= np.array([width, height, width, height], np.float32)
        return keypoints, drawn, pose
