"""Who exercises, by how the joints move among each other."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pose.tracking.test_subject_tracker import HEIGHT, STEP_S, WIDTH, person, seen
from worker.pose.tracking.subject_movement import LOOKS, movement, places
from worker.pose.tracking.subject_tracker import Choice, SubjectTracker

LENGTH = 300
HEIGHTS = np.repeat([0, -2, 0, 25, 55, 85, 90, 140, 190], [1, 2, 2, 2, 2, 2, 2, 2, 2])
WIDTHS = [0, 2, -2, 5, -5, 18, -18, 22, -22, 24, -24, 12, -12, 13, -13, 14, -14]
STANDING = np.stack([WIDTHS, HEIGHTS], axis=1)
"""Joints [17, 2] of somebody 200 long."""


def pose(x: float = 320, *, hands: float = 0, score: float = 0.7) -> NDArray[np.float32]:
    """Somebody at `x` with both hands so many body lengths above the hips."""
    joints = np.c_[STANDING * LENGTH / 200 + (x, 60), np.full(17, score)].astype(np.float32)
    joints[9:11, 1] -= hands * LENGTH
    return joints


def lifted(time: float) -> float:
    """How high the hands of a curl of two seconds are."""
    return 0.17 * (1 - math.cos(math.pi * time))


def test_arms_that_bend_are_exercise() -> None:
    looks = [places(pose(hands=lifted(0.4 * n))) for n in range(LOOKS)]
    assert movement(looks, LENGTH) == 1


def test_who_stands_still_does_not_move_whatever_a_pose_errs() -> None:
    noise = np.random.default_rng(1)
    looks = [pose() for _ in range(LOOKS)]
    for joints in looks:
        joints[:, :2] += noise.normal(0, 0.008 * LENGTH, (17, 2))
    looks[3] = looks[7] = pose(hands=0.4)
    looks[5][11:17, 2] = 0.1
    found = movement([places(joints) for joints in looks], LENGTH)
    assert found < 0.2


def test_a_camera_that_sways_moves_nobody() -> None:
    looks = [places(pose(320 + 20 * math.sin(n))) for n in range(LOOKS)]
    assert movement(looks, LENGTH) == 0


def test_who_walks_through_does_not_exercise() -> None:
    looks = [places(pose(100 + 60 * n, hands=lifted(0.4 * n))) for n in range(LOOKS)]
    assert movement(looks, LENGTH) == 0


@pytest.mark.parametrize("looks", [[], [pose(score=0.2)] * LOOKS])
def test_who_is_not_seen_is_not_known_to_move(looks: list[NDArray[np.float32]]) -> None:
    assert movement([places(joints) for joints in looks], LENGTH) == 0


def test_a_few_looks_are_too_early_to_tell() -> None:
    looks = [places(pose(hands=lifted(0.4 * n))) for n in range(4)]
    assert movement(looks, LENGTH) == 0


def frame(step: int) -> tuple[list[float], list[float]]:
    """The box of a drawing into which somebody else's legs reach now and then, and of who curls
    below it."""
    swollen = 440 if step % 10 < 5 else 300
    return person(380, swollen), person(110, 280)


def chosen(tracker: SubjectTracker, steps: range, *, curls: bool = True) -> list[str]:
    """Whom it follows at each step."""
    found = []
    for step in steps:
        hands = lifted(step * STEP_S) if curls else 0.0
        box = tracker.update(
            seen(*frame(step)),
            step * STEP_S,
            lambda box, hands=hands: pose(380) if box[0] > 200 else pose(110, hands=hands),
        )
        found.append("-" if box is None else "drawing" if box[0] > 200 else "person")
    return found


def test_a_drawing_is_not_who_exercises_for_its_box_changes() -> None:
    """Seen on film: the muscles that are shown above who trains them."""
    nobody_moves = chosen(SubjectTracker(WIDTH, HEIGHT), range(60), curls=False)
    somebody_does = chosen(SubjectTracker(WIDTH, HEIGHT), range(60))
    assert set(nobody_moves) == {"drawing"}
    assert somebody_does[0] == "drawing"
    assert set(somebody_does[40:]) == {"person"}


def test_who_takes_over_knows_the_looks() -> None:
    first = SubjectTracker(WIDTH, HEIGHT)
    chosen(first, range(22))
    second = SubjectTracker.restore(WIDTH, HEIGHT, json.loads(json.dumps(first.state())))
    rest = range(22, 60)
    assert chosen(second, rest) == chosen(first, rest)
    assert second.state() == first.state()


@pytest.mark.parametrize(
    ("choice", "people", "looked_at"), [("auto", 2, 2), ("auto", 1, 0), ("left", 2, 0)]
)
def test_poses_are_asked_for_where_there_is_a_choice(
    choice: Choice, people: int, looked_at: int
) -> None:
    tracker = SubjectTracker(WIDTH, HEIGHT, choice=choice)
    asked: list[float] = []

    def pose_of(box: NDArray[np.float32]) -> NDArray[np.float32]:
        asked.append(float(box[0]))
        return pose(float(box[0] + box[2]) / 2)

    for step in range(10):
        tracker.update(seen(*frame(9)[:people]), step * STEP_S, pose_of)
    assert len(set(asked)) == looked_at
