"""Keyframe by keyframe, with models that say what the test knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from worker.pose.detectors.nanodet import SURE, Detections
from worker.pose.geometry.boxes import iou
from worker.pose.tracking.box_interpolation import keyframes
from worker.pose.tracking.inference_cache import InferenceCache
from worker.pose.tracking.pose_tracking import CLEAR, REACHES, PoseTracker
from worker.pose.tracking.subject_tracker import SubjectTracker

FPS = 30
BOX = np.array([100, 50, 200, 350], np.float32)
Place = Callable[[float], np.ndarray]
SIZE = (480, 640)


def pose(box: np.ndarray = BOX, beyond: float = 10, score: float = 0.8) -> np.ndarray:
    """Joints that fill a box but for `beyond` pixels at each edge."""
    low, high = box[:2] + beyond, box[2:] - beyond
    joints = np.zeros((17, 3), np.float32)
    joints[:, :2] = low + (high - low) * np.linspace(0, 1, 17)[:, None]
    joints[:, 2] = score
    return joints


class World:
    """Somebody whose box is known at each time; counts what is asked of the models."""

    def __init__(self, place: Place, blind: tuple[float, float] = (9, 9)) -> None:
        self.place = place
        self.blind = blind
        self.looked: list[float] = []
        self.posed: list[float] = []
        self.images = [np.full((*SIZE, 1), n, np.uint8) for n in range(round(3 * FPS))]

    def detect(self, image: np.ndarray, _expected: Any) -> Detections:
        time = float(image[0, 0, 0]) / FPS
        self.looked.append(time)
        if self.blind[0] <= time < self.blind[1]:
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        return self.people(self.place(time))

    def people(self, box: np.ndarray) -> Detections:
        """Everybody, where the one is in `box`."""
        return Detections(box[None], np.array([0.9], np.float32))

    def estimate(self, images: Sequence[np.ndarray], boxes: Sequence[np.ndarray]) -> np.ndarray:
        (image,), (box,) = images, boxes
        time = float(image[0, 0, 0]) / FPS
        self.posed.append(time)
        return self.pose(time, box)[None]

    def pose(self, time: float, _box: np.ndarray) -> np.ndarray:
        """The joints of who is there, looked for in a box."""
        return pose(self.place(time))

    def follow(
        self, seconds: float = 2.0, *, rests: bool = True, looks: InferenceCache | None = None
    ) -> tuple[list[tuple[float, Any]], PoseTracker, SubjectTracker]:
        """Keyframe times with the box there, and who said so."""
        frames = np.arange(round(seconds * FPS))
        times = np.round(frames * 1e6 / FPS).astype(np.int64)
        tracker = SubjectTracker(SIZE[1], SIZE[0])
        looks = looks or InferenceCache(self, self)
        images = self.images[: len(frames)]
        follower = PoseTracker(tracker, looks, images, times, rests=rests)
        went = [(float(times[row]) / 1e6, box) for row, box in follower.go(keyframes(times))]
        return went, follower, tracker


def still(_time: float) -> np.ndarray:
    return np.array([200, 100, 300, 400], np.float32)


def squats(time: float) -> np.ndarray:
    """The head goes down by a third in a second and a half, and up again."""
    return still(0) + np.array([0, 50 * (1 - np.cos(np.pi * time / 1.5)), 0, 0], np.float32)


def leaps(time: float) -> np.ndarray:
    """Somewhere else five times a second."""
    return still(0) + np.float32(12 * (round(time * 5) % 3))


def test_who_stands_still_is_looked_for_once_a_second() -> None:
    world = World(still)
    went, follower, _ = world.follow()
    assert world.looked == [0.0, 1.0]
    assert len(went) == len(follower.poses) + len(world.looked) == len(world.posed)
    for _, box in went:
        assert box == pytest.approx(still(0), abs=1e-3)


def test_who_squats_is_followed_without_more_looks() -> None:
    world = World(squats)
    went, _, _ = world.follow()
    assert len(world.looked) < len(went) / 2
    for time, box in went:
        assert box == pytest.approx(squats(time), abs=0.5)


def test_who_leaps_is_looked_for_at_every_keyframe_and_costs_one_pose_a_second() -> None:
    world = World(leaps)
    went, follower, _ = world.follow()
    assert world.looked == pytest.approx([time for time, _ in went])
    assert not follower.poses
    assert len(world.posed) == 2 + 2  # in a box that was detected, and where it was expected next
    for time, box in went:
        assert (box == leaps(time)).all()


def somebody_else(box: np.ndarray) -> Detections:
    """Who is there, and another person who can be seen in the crop."""
    boxes = np.stack([box, box + np.array([105, 0, 105, 0], np.float32)])
    return Detections(boxes, np.array([0.9, 0.9], np.float32))


@pytest.mark.parametrize(
    ("pose_of", "people"),
    [
        (partial(pose, score=CLEAR - 0.01), None),
        (lambda box: pose(box + np.float32(12) * (box[0] > 0)) * 0, None),
        (pose, somebody_else),
        (pose, lambda box: Detections(box[None], np.array([SURE - 0.01], np.float32))),
    ],
)
def test_who_is_not_clear_sure_and_alone_is_looked_for_at_every_keyframe(
    pose_of: Any, people: Any
) -> None:
    world = World(still)
    world.pose = lambda time, _box: pose_of(still(time))  # type: ignore[method-assign]
    if people:
        world.people = people  # type: ignore[method-assign]
    went, _, _ = world.follow()
    assert {round(time, 2) for time in world.looked} == {round(time, 2) for time, _ in went}


def test_an_arm_that_reaches_out_of_the_mask_is_a_doubt() -> None:
    """Outside of it the crop is black: the box by the joints would end there."""
    world = World(still)
    reach = np.array([0, 0, 0, 0], np.float32)

    def reaching(time: float, _box: np.ndarray) -> np.ndarray:
        reach[2] = 100 * (REACHES - 1) / 2 + 1 if time > 0.3 else 0
        return pose(still(time) + reach)

    world.pose = reaching  # type: ignore[method-assign]
    world.follow(0.7)
    assert world.looked[1:2] == pytest.approx([0.4])


def test_without_rest_the_detector_alone_decides() -> None:
    world = World(still)
    went, follower, _ = world.follow(rests=False)
    assert len(world.looked) == len(went)
    assert not follower.poses
    assert not world.posed


def test_a_subject_is_followed_where_the_detector_is_blind() -> None:
    world = World(still, blind=(0.5, 2.0))
    went, _, tracker = world.follow()
    assert all(box is not None for _, box in went)
    assert tracker.last_box() is not None
    world = World(still, blind=(0.0, 2.0))
    assert {box is None for _, box in world.follow()[0]} == {True}


def test_a_subject_whom_nobody_else_is_near_is_looked_for_again() -> None:
    """The detector was sure of somebody, and so did not look twice; with a box in which somebody is
    expected it does."""
    world = World(still)
    far = Detections(still(0)[None] + np.float32(250), np.array([0.9], np.float32))
    asked: list[bool] = []

    def detect(image: np.ndarray, expected: Any) -> Detections:
        time = float(image[0, 0, 0]) / FPS
        if time < 0.5:
            return world.people(still(time))
        asked.append(expected is not None)
        return far if expected is None else world.people(still(time))

    world.detect = detect  # type: ignore[method-assign]
    went, _, tracker = world.follow(rests=False)
    assert asked == [False, True] * (len(asked) // 2)
    assert tracker.second_looks == 0
    assert all((box == still(0)).all() for _, box in went)


def part(time: float) -> np.ndarray:
    """The legs of who stands still, from half a second on."""
    return still(0) + np.array([0, 170 * (time > 0.5), 0, 0], np.float32)


def plate(time: float) -> np.ndarray:
    """Something beside who stands still, from half a second on."""
    return still(0) + np.array([60, 0, 60, 0], np.float32) * np.float32(time > 0.5)


@pytest.mark.parametrize("found", [part, plate])
def test_a_doubtful_detection_is_weighed_against_the_pose(found: Place) -> None:
    """Seen on film: legs, and a barbell's plate, taken for the one who stood there all along."""
    world = World(found)
    whole = World(still)

    def pose_in(time: float, box: np.ndarray) -> np.ndarray:
        surer = 1 if float(iou(box, still(0)[None])[0]) > 0.7 else 0.5
        return whole.pose(time, box) * np.array([1, 1, surer], np.float32)

    world.pose = pose_in  # type: ignore[method-assign]
    went, _, tracker = world.follow(rests=False)
    for _, box in went:
        assert box is not None
        assert float(iou(box, still(0)[None])[0]) > 0.7
    assert tracker.second_looks == sum(time > 0.5 for time, _ in went)


def test_a_detection_whose_pose_is_as_good_is_taken() -> None:
    world = World(part)
    went, _, _ = world.follow(rests=False)
    assert [(box == part(time)).all() for time, box in went] == [True] * len(went)


def test_two_that_follow_on_the_same_frames_ask_once() -> None:
    world = World(squats)
    looks = InferenceCache(world, world)
    first, _, one = world.follow(looks=looks)
    asked = (len(world.looked), len(world.posed))
    second, _, other = world.follow(looks=looks)
    assert (len(world.looked), len(world.posed)) == asked
    assert one.state() == other.state()
    assert [time for time, _ in first] == [time for time, _ in second]


def test_the_tracker_hears_where_the_subject_was_followed_to() -> None:
    world = World(squats)
    went, _, tracker = world.follow()
    last = tracker.last_box()
    assert last is not None
    assert (last == went[-1][1]).all()
    (track,) = tracker.tracks
    assert track.seen_s == went[-1][0]
    assert track.detected_s == pytest.approx(max(world.looked), abs=1e-3)


def test_what_was_asked_about_a_picture_is_forgotten_with_it() -> None:
    world = World(still)
    looks = InferenceCache(world, world)
    for number in (1, 2):
        image = np.full((*SIZE, 1), number, np.uint8)
        for _ in range(2):
            looks.people(image, None)
            looks.pose(image, still(0))
        assert len(world.looked) == len(world.posed) == number
        del image
    assert not looks._answers
