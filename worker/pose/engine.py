"""Frames to pose chunks: detection on keyframes, tracking of the subject, joints in every frame.

A chunk depends on its own frames and on the state left by the chunk before it, and on nothing else;
the number of CPU cores changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import COUNT
from worker.contract.options import Profile
from worker.contract.poses import TURN, Environment, PoseChunk, quantised, turned_joints
from worker.observability.metrics import SECOND_LOOKS, record
from worker.pose.detectors.blazepose_detector import BodyDetector
from worker.pose.detectors.nanodet import Detections
from worker.pose.estimators.blazepose_landmarks import Landmarker
from worker.pose.estimators.movenet import CROP, STILL_CROP
from worker.pose.inference.providers import Provider, Runtime
from worker.pose.inference.session import Session
from worker.pose.interfaces import Estimation, Image
from worker.pose.landmark_engine import LandmarkEngine
from worker.pose.model_factory import joint_estimator, open_model, people_detector
from worker.pose.profiles import ModelName, Wanted, model_of, skips_detector
from worker.pose.still_estimation import StillEstimation
from worker.pose.tracking.box_interpolation import interpolate
from worker.pose.tracking.inference_cache import InferenceCache
from worker.pose.tracking.leg_swap_correction import LEGS, correct_leg_swaps
from worker.pose.tracking.pose_tracking import PoseTracker
from worker.pose.tracking.subject_tracker import CHOICE, PRESENT, Choice, SubjectTracker
from worker.pose.turned_picture import LOOKS, turn_of, turned, turned_boxes
from worker.pose.weights.registry import MODELS

Size = Literal["lite", "full", "heavy"]
"""Sizes of the BlazePose landmark network."""

MAX_SIDE = 640
"""Longest side in pixels at which frames are analysed."""


class PoseEngine:
    """The models of one process; opened once, after the fork, and used for one job at a time.

    Is itself an `Estimation` of 17 keypoints, by `model` or else by the models of `profile`.
    `profiled` gives that of another profile, `landmarks` that of 33 landmarks by the BlazePose
    network of the size `blazepose`. Raises JobError for models that are unknown or not installed.
    """

    keypoints = COUNT

    def __init__(
        self,
        models: Path,
        provider: Provider | Runtime = "auto",
        threads: int = 1,
        blazepose: Size = "full",
        model: str | None = None,
        profile: Wanted = "auto",
    ) -> None:
        # on small pictures OpenCV's own threads cost more than they gain
        cv2.setNumThreads(1)
        self._models, self._provider, self._threads = models, provider, threads
        self._blazepose = blazepose
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._half = Runtime.of(provider).precision == "fp16"
        parts = ModelName.parse(model or model_of(profile, gpu=False))
        self._people = parts.people
        session = self._open(self._people)
        if model is None:
            model = model_of(profile, gpu=session.gpu, half=self._half)
            parts = ModelName.parse(model)
        self._detector = people_detector(self._people, session)
        session = self._open(parts.joints)
        self._estimator, stills = (
            joint_estimator(parts.joints, session, flip=parts.flip, margin=margin)
            for margin in (CROP, STILL_CROP)
        )
        self._stills = StillEstimation(self._detector, stills)
        # a GPU takes frames in batches: a single pose costs more there than the detector
        self._rests = skips_detector(model) and not session.gpu
        self._looks = InferenceCache(
            self._detector, self._estimator, self._pool, batches=session.gpu
        )
        self._others: dict[str, Estimation] = {}
        self.environment = _environment(model, session)

    def landmarks(self) -> Estimation:
        """The estimation of 33 landmarks; opens its models at the first call.

        Raises JobError where they are not installed.
        """
        return self.named(f"{self._people}+blazepose_{self._blazepose}")

    def profiled(self, profile: Profile | None) -> Estimation:
        """The estimation for a job of `profile`; None: this one.

        Raises JobError where its models are not installed.
        """
        if profile is None:
            return self
        return self.named(model_of(profile, gpu=self.environment.gpu, half=self._half))

    def named(self, model: str) -> Estimation:
        """The estimation whose environment names `model`, with which a job that began so goes on.

        Raises JobError where this process does not have it.
        """
        if model == self.environment.model:
            return self
        if model not in self._others:
            self._others[model] = self._other(model)
        return self._others[model]

    def _other(self, model: str) -> Estimation:
        parts = ModelName.parse(model)
        people, joints = parts.people, parts.joints
        if MODELS[joints].decoding != "blazepose":
            return PoseEngine(self._models, self._provider, self._threads, self._blazepose, model)
        finder = self._detector
        if people != self._people:
            finder = people_detector(people, self._open(people))
        detector, network = self._open("blazepose_detector"), self._open(joints)
        return LandmarkEngine(
            finder,
            self._pool,
            BodyDetector(detector),
            Landmarker(network, self._pool),
            _environment(model, network),
            self._stills.pose,
        )

    def _open(self, name: str) -> Session:
        return open_model(name, self._models, self._provider)

    def estimate(
        self,
        index: int,
        first: int,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> PoseChunk:
        """The quantised chunk of `images` (uint8 RGB [h, w, 3] each, one size).

        `keys` are the rows in which people are looked for, the last among them. Pictures that lie
        on their side or upside down, by the state or by the bodies in them, are estimated upright;
        the joints returned are those of the pictures as given.
        """
        turn, begin = self._turn_in(times_us, images, state, keys)
        upright = [turned(image, turn or 0) for image in images]
        keypoints, drawn, after = self._estimated(times_us, upright, begin, keys)
        if turn is not None:
            after[TURN] = turn
            keypoints = turned_joints(keypoints, -turn)
            drawn = turned_boxes(drawn, -turn)
        return quantised(PoseChunk(index, first, times_us, keypoints, drawn, after))

    def _estimated(
        self,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], dict[str, Any]]:
        """Joints [n, 17, 3] and boxes [n, 4] (0-1) of the pictures, and the state after."""
        height, width = images[0].shape[:2]
        tracker, follower = self._follower(times_us, images, state, keys)
        drawn = np.zeros((len(images), 4), np.float32)
        shown: list[int] = []
        for row, box in interpolate(times_us, follower.go(keys)):
            drawn[row] = box
            if row not in follower.poses:
                self._looks.begin(images[row], drawn[row])
                shown.append(row)
        after = tracker.state()
        keypoints = np.zeros((len(images), COUNT, 3), np.float32)
        # of a close-up most joints are outside the picture: those of who is surely there are kept
        sure = np.interp(range(len(images)), [*follower.sure], [*follower.sure.values()]) == 1
        poses = self._looks.poses([images[row] for row in shown], [drawn[row] for row in shown])
        for row, pose in [*zip(shown, poses, strict=True), *follower.poses.items()]:
            if pose[:, 2].mean() >= PRESENT or sure[row]:
                keypoints[row] = pose
            else:
                drawn[row] = 0
        if tracker.second_looks:
            record(SECOND_LOOKS, tracker.second_looks)
        keypoints, after[LEGS] = correct_leg_swaps(keypoints, times_us, state.get(LEGS, []))
        size = np.array([width, height], np.float32)
        keypoints[..., :2] /= size
        drawn /= np.tile(size, 2)
        return keypoints, drawn, after

    def _turn_in(
        self,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> tuple[int | None, dict[str, Any]]:
        """Quarter turns, clockwise, that make the pictures upright, and the state to go on with.

        None for the turns while nobody has been seen.
        """
        if TURN in state:
            return int(state[TURN]), state
        _, follower = self._follower(times_us, images, state, keys)
        boxes = [(row, box) for row, box in follower.go(keys) if box is not None]
        rows = np.linspace(0, len(boxes) - 1, min(len(boxes), LOOKS)).astype(int)
        poses = {row: self._looks.pose(images[row], box) for row, box in (boxes[n] for n in rows)}
        shown = [images[row] for row in poses or [len(images) // 2]]
        turn = turn_of(shown, list(poses.values()), self._looks.people, self._looks.pose)
        if not turn:
            return turn, state
        return turn, {CHOICE: state[CHOICE]} if CHOICE in state else {}

    def warm_up_state(
        self,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> dict[str, Any]:
        """The state that `estimate` would leave, without estimating all poses."""
        turn, begin = self._turn_in(times_us, images, state, keys)
        upright = [turned(image, turn or 0) for image in images]
        tracker, follower = self._follower(times_us, upright, begin, keys)
        for _ in follower.go(keys):
            pass
        after = tracker.state()
        return after if turn is None else {**after, TURN: turn}

    def _follower(
        self,
        times_us: NDArray[np.int64],
        images: Sequence[Image],
        state: dict[str, Any],
        keys: Sequence[int],
    ) -> tuple[SubjectTracker, PoseTracker]:
        height, width = images[0].shape[:2]
        tracker = SubjectTracker.restore(width, height, state)
        if not self._rests:
            for row in keys:
                self._looks.begin(images[row])
        return tracker, PoseTracker(tracker, self._looks, images, times_us, rests=self._rests)

    def people(self, image: Image) -> Detections:
        """Everybody whom the detector sees in `image` uint8 RGB [h, w, 3], boxes in its pixels."""
        return self._detector.detect(image)

    def estimate_image(self, image: Image, choice: Choice = "auto") -> PoseChunk:
        """The pose in a still image of the person of `choice`: a chunk of one frame."""
        return self._stills.estimate(image, choice)


def _environment(model: str, session: Session) -> Environment:
    return Environment(
        execution_provider=session.provider,
        device="gpu" if session.gpu else "cpu",
        model=model,
        gpu=session.gpu,
    )
