"""Keyframe by keyframe, with models that say what the test knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.pose.tracking.test_detector_skipping import pose
from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import iou
from worker.pose.tracking.box_interpolation import keyframes
from worker.pose.tracking.inference_cache import InferenceCache
from worker.pose.tracking.pose_tracking import PoseTracker
from worker.pose.tracking.subject_tracker import SubjectTracker

FPS = 30
Place = Callable[[float], np.ndarray]
SIZE = (480, 640)


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
        return Detections(self.place(time)[None], np.array([0.9], np.float32))

    def estimate(self, image: np.ndarray, _box: np.ndarray) -> np.ndarray:
        time = float(image[0, 0, 0]) / FPS
        self.posed.append(time)
        return pose(self.place(time))

    def follow(
        self, seconds: float = 2.0, *, rests: bool = True, looks: InferenceCache | None = None
    ) -> tuple[list[tuple[float, Any]], PoseTracker, SubjectTracker]:
        """Keyframe times with the box there, and who said so."""
        frames = np.arange(round(seconds * FPS))
        times = np.round(frames * 1e6 / FPS).astype(np.int64)
        tracker = SubjectTracker(SIZE[1], SIZE[0])
        looks = looks or InferenceCache(self.detect, self.estimate)
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
    assert len(went) == len(follower.poses) == len(world.posed)
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
    assert len(world.posed) <= len(follower.poses) + 2
    for time, box in went:
        assert (box == leaps(time)).all()


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
    world.estimate = lambda image, box: (
        whole.estimate(image, box)
        * np.array(  # type: ignore[method-assign]
            [1, 1, 1 if float(iou(box, still(0)[None])[0]) > 0.7 else 0.5], np.float32
        )
    )
    went, tracker, _ = world.follow(rests=False)
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
    looks = InferenceCache(world.detect, world.estimate)
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
    looks = InferenceCache(world.detect, world.estimate)
    for number in (1, 2):
        image = np.full((*SIZE, 1), number, np.uint8)
        for _ in range(2):
            looks.people(image, None)
            looks.pose(image, still(0))
        assert len(world.looked) == len(world.posed) == number
        del image
    assert not looks._answers
