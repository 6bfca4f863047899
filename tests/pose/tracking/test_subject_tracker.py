"""Which person a job is about."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes, iou
from worker.pose.tracking.subject_states import contested, head_start
from worker.pose.tracking.subject_tracker import (
    FORGET_S,
    Choice,
    Pose,
    PoseOf,
    SubjectTracker,
)

WIDTH, HEIGHT = 640, 480
STEP_S = 0.2


def person(x: float, height: float, y: float = 240) -> list[float]:
    """A box about (x, y), a third as wide as high."""
    return [x - height / 6, y - height / 2, x + height / 6, y + height / 2]


def seen(*people: list[float], scores: Sequence[float] | None = None) -> Detections:
    boxes = np.array(people, np.float32).reshape(-1, 4)
    given_scores = scores or [0.8] * len(people)
    return Detections(boxes, np.array(given_scores, np.float32)[: len(people)])


def follow(tracker: SubjectTracker, frames: Sequence[Detections], first: int = 0) -> list[str]:
    """Where the subject is at each step: `x` of its centre, or `-`."""
    found = []
    for step, people in enumerate(frames, first):
        box = tracker.update(people, step * STEP_S)
        found.append("-" if box is None else f"{(box[0] + box[2]) / 2:.0f}")
    return found


def test_the_largest_is_chosen_whatever_comes_first() -> None:
    frames = [seen(person(200, 150), person(400, 300), scores=[0.9, 0.8])]
    assert follow(SubjectTracker(WIDTH, HEIGHT), frames * 3) == ["400"] * 3


def test_of_two_alike_the_central_one_is_chosen() -> None:
    frames = [seen(person(60, 300), person(330, 290))]
    assert follow(SubjectTracker(WIDTH, HEIGHT), frames * 3) == ["330"] * 3


def test_a_subject_that_moves_stays_the_subject() -> None:
    frames = [seen(person(500 - 20 * n, 250), person(140 + 20 * n, 200)) for n in range(19)]
    found = follow(SubjectTracker(WIDTH, HEIGHT), frames)
    assert found == [str(500 - 20 * n) for n in range(19)]


def test_a_short_loss_is_waited_out() -> None:
    both, other = seen(person(330, 250), person(60, 200)), seen(person(60, 200))
    frames = [both] * 15 + [other] * 5 + [both] * 3
    found = follow(SubjectTracker(WIDTH, HEIGHT), frames)
    assert found == ["330"] * 15 + ["-"] * 5 + ["330"] * 3


def test_a_bigger_passer_by_does_not_take_over() -> None:
    subject = person(320, 260)
    passing = [seen(subject, person(-40 + 60 * n, 460)) for n in range(12)]
    found = follow(SubjectTracker(WIDTH, HEIGHT), [seen(subject)] * 20 + passing + [seen(subject)])
    assert found == ["320"] * 33


def test_a_passer_by_in_front_of_a_lost_subject_is_not_it() -> None:
    subject = person(320, 260)
    frames = [seen(subject)] * 20 + [seen(person(560, 460))] * 5 + [seen(subject)] * 2
    found = follow(SubjectTracker(WIDTH, HEIGHT), frames)
    assert found == ["320"] * 20 + ["-"] * 5 + ["320"] * 2


def test_who_stays_after_the_subject_left_takes_over() -> None:
    gone = round(FORGET_S / STEP_S)
    frames = [seen(person(320, 260), person(100, 200))] * 10 + [seen(person(100, 200))] * 20
    found = follow(SubjectTracker(WIDTH, HEIGHT), frames)
    assert found[10 : 10 + gone - 1] == ["-"] * (gone - 1)
    assert found[-5:] == ["100"] * 5


def test_somebody_who_walks_across_in_front_keeps_its_own_track() -> None:
    """Seen on film: for one keyframe both are one box, which the passer's walk accounts for."""
    subject, passer = person(320, 260), [person(-40 + 60 * n, 300) for n in range(12)]
    merged = [[276, 90, 402, 390]]
    frames = [seen(subject)] * 5
    for n, box in enumerate(passer):
        frames.append(seen(*merged) if n == 6 else seen(subject, box))
    found = follow(SubjectTracker(WIDTH, HEIGHT), [*frames, seen(subject)])
    assert found == ["320"] * 11 + ["-"] + ["320"] * 6


def test_after_a_cut_the_subject_is_found_elsewhere_at_once() -> None:
    tracker = SubjectTracker(WIDTH, HEIGHT)
    assert follow(tracker, [seen(person(320, 260))] * 20) == ["320"] * 20
    box = tracker.update(seen(person(480, 220), person(100, 120)), 20 * STEP_S, cut=True)
    assert box is not None
    assert box.tolist() == pytest.approx(person(480, 220), abs=0.01)


def test_what_only_looks_like_a_cut_changes_nothing() -> None:
    tracker = SubjectTracker(WIDTH, HEIGHT)
    subject = seen(person(200, 200), person(480, 260))
    alone = [seen(person(200, 200))] * 20
    assert follow(tracker, alone) == ["200"] * 20
    box = tracker.update(subject, 20 * STEP_S, cut=True)
    assert box is not None
    assert (box[0] + box[2]) / 2 == 200


def squatting(x: float, height: float, time: float) -> list[float]:
    """A box whose upper edge goes down by a third and up again every two seconds."""
    low, depth = 240 + height / 2, height * (1 - math.cos(math.pi * time)) / 6
    return [x - height / 6, low - height + depth, x + height / 6, low]


def squat_beside_somebody(tracker: SubjectTracker, steps: range) -> list[str]:
    """Where the subject is while one stands, large and central, and one squats at the side."""
    found = []
    for step in steps:
        both = person(380, 440), squatting(110, 300, step * STEP_S)
        box = tracker.update(seen(*both), step * STEP_S, by_pose(*both))
        found.append("-" if box is None else f"{(box[0] + box[2]) / 2:.0f}")
    return found


def test_who_exercises_takes_over_from_who_stands_by() -> None:
    tracker = SubjectTracker(WIDTH, HEIGHT)
    found = squat_beside_somebody(tracker, range(60))
    assert found[0] == "380"
    assert set(found[40:]) == {"110"}
    assert tracker.people == 2


def test_what_turns_out_later_is_known_at_the_beginning() -> None:
    first, later = SubjectTracker(WIDTH, HEIGHT), SubjectTracker(WIDTH, HEIGHT)
    squat_beside_somebody(first, range(10))
    squat_beside_somebody(later, range(60))
    start = head_start(first.state(), later.state())
    assert start is not None
    again = SubjectTracker.restore(WIDTH, HEIGHT, json.loads(json.dumps(start)))
    assert set(squat_beside_somebody(again, range(60))) == {"110"}
    assert head_start(again.state(), later.state()) is None


def test_somebody_who_was_seen_once_beside_the_subject_may_be_meant() -> None:
    """Where the detector rests it looks once a second, and the first chunk has two."""
    tracker = SubjectTracker(WIDTH, HEIGHT)
    follow(tracker, [seen(person(380, 440))] * 5)
    assert not contested(tracker.state())
    follow(tracker, [seen(person(380, 440), person(110, 300))], 5)
    assert contested(tracker.state())


def test_somebody_small_in_the_background_is_not_the_subject_for_moving() -> None:
    frames = [seen(person(320, 300), squatting(560, 90, n * STEP_S)) for n in range(100)]
    assert set(follow(SubjectTracker(WIDTH, HEIGHT), frames)) == {"320"}


def test_legs_that_are_found_beside_the_whole_are_nobody() -> None:
    """Seen on film: the subject was followed into its own legs while it stood there."""
    whole = person(320, 300)
    legs = [whole[0] + 5, 250, whole[2] - 5, whole[3]]
    tracker = SubjectTracker(WIDTH, HEIGHT)
    frames = [seen(whole)] * 3 + [seen(legs, whole, scores=[0.9, 0.8])] + [seen(whole)] * 10
    follow(tracker, frames)
    assert len(tracker.tracks) == 1
    box = tracker.last_box()
    assert box is not None
    assert box.tolist() == pytest.approx(whole)


def by_pose(*bodies: list[float], score: float = 0.7) -> PoseOf:
    """Joints of the body that shares most with the box that is asked for: surest where the box is
    that of the whole body."""

    def pose_of(box: Boxes) -> Pose:
        body = max(bodies, key=lambda one: float(iou(box, np.array([one], np.float32))[0]))
        low, high = np.array(body[:2]) + 10, np.array(body[2:]) - 10
        joints = np.full((17, 3), score * iou(box, np.array([body], np.float32))[0], np.float32)
        joints[:, :2] = low + (high - low) * np.linspace(0, 1, 17)[:, None]
        return joints

    return pose_of


def test_a_detection_that_is_overruled_is_not_learned() -> None:
    """Its speed and weight are those of what the pose says, not of the legs in between."""
    whole, legs = person(320, 300), [275.0, 250, 365, 390]
    tracker = SubjectTracker(WIDTH, HEIGHT)
    follow(tracker, [seen(whole)] * 5)
    before = json.loads(json.dumps(tracker.state()["tracks"][0]))
    box = tracker.update(seen(legs), 5 * STEP_S, by_pose(whole))
    (after,) = tracker.state()["tracks"]
    assert tracker.second_looks == 1
    assert box is not None
    assert float(iou(box, np.array([whole], np.float32))[0]) > 0.8
    for learned in ("hits", "sure", "detected_s", "detected_area", "score"):
        assert after[learned] == before[learned]
    assert np.abs(after["pace"]).max() < 20


def test_a_box_that_was_only_followed_does_not_outlive_a_sure_detection_around_it() -> None:
    """Seen on film: of a deadlift the pose without the legs was surer, and the box stayed there."""
    whole = person(320, 300)
    trunk = [whole[0], whole[1], whole[2], 200]
    tracker = SubjectTracker(WIDTH, HEIGHT)
    follow(tracker, [seen(whole)] * 5)
    tracker.follow(np.array(trunk, np.float32), 4 * STEP_S)
    box = tracker.update(seen(whole), 5 * STEP_S, by_pose(trunk))
    assert box is not None
    assert box.tolist() == pytest.approx(whole)


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_boxes_of_the_subject_it_has_the_one_that_its_joints_fill(first: int) -> None:
    """Seen on film: a box of the body and its mirror image, which the detector was surer of."""
    whole, mirrored = person(320, 240), [200.0, 100, 380, 380]
    legs = [whole[0], 240, whole[2], whole[3]]
    for other in (mirrored, legs):
        tracker = SubjectTracker(WIDTH, HEIGHT)
        both = [whole, other][:: 1 if first else -1]
        for step in range(5):
            box = tracker.update(seen(*both), step * STEP_S, by_pose(whole))
        assert box is not None
        assert box.tolist() == pytest.approx(whole)


def test_a_part_of_the_subject_never_takes_its_box() -> None:
    """Seen on film: of an arm that had become a track, and a box of the body and its reflection,
    the largest sum gave the arm the body and the body the reflection."""
    whole, arm = person(320, 300), [275.0, 200, 300, 330]
    mirrored = [whole[0], whole[1], whole[2], 475]
    tracker = SubjectTracker(WIDTH, HEIGHT)
    frames = [seen(whole), seen(arm, scores=[0.3]), seen(arm, whole, scores=[0.4, 0.3])] * 5
    follow(tracker, [*frames, seen(whole, mirrored, scores=[0.7, 0.4])])
    box = tracker.last_box()
    assert box is not None
    assert box.tolist() == pytest.approx(whole)
    assert [track.id for track in tracker.tracks if track.confirmed] == [tracker.subject]


def test_people_are_who_is_surely_seen_for_a_while() -> None:
    both = seen(person(330, 250), person(60, 200))
    machine = seen(person(330, 250), person(500, 200), scores=[0.8, 0.3])
    tracker = SubjectTracker(WIDTH, HEIGHT)
    follow(tracker, [machine] * 40)
    assert tracker.people == 1
    follow(tracker, [both] * 40, 40)
    assert tracker.people == 2


def test_a_state_in_another_form_is_begun_anew() -> None:
    state = {"tracks": [{"id": 1, "box": person(330, 250)}], "subject": 1, "next": 2, "last": 1.0}
    assert SubjectTracker.restore(WIDTH, HEIGHT, state).last_box() is None


def test_who_is_only_followed_is_who_is_surely_detected_there() -> None:
    tracker = SubjectTracker(WIDTH, HEIGHT)
    follow(tracker, [seen(person(320, 300))] * 5)
    for step in range(5, 12):  # the pose closes in on the chest
        assert tracker.update(seen(), step * STEP_S) is None
        tracker.follow(np.array([290, 160, 350, 240], np.float32), step * STEP_S)
    box = tracker.update(seen(person(330, 300)), 12 * STEP_S)
    assert box is not None
    assert (box[0] + box[2]) / 2 == 330


@pytest.mark.parametrize(
    ("choice", "x"),
    [("left", 80), ("right", 560), ("centre", 300), ("largest", 560), ((0.13, 0.5), 80)],
)
def test_whom_the_job_asks_for(choice: Choice, x: int) -> None:
    people = seen(person(80, 200), person(300, 220), person(560, 260), person(20, 60))
    tracker = SubjectTracker(WIDTH, HEIGHT, choice=choice)
    assert set(follow(tracker, [people] * 20)) == {str(x)}
    again = SubjectTracker.restore(WIDTH, HEIGHT, json.loads(json.dumps(tracker.state())))
    assert again.choice == choice


def test_nobody_is_nobody() -> None:
    tracker = SubjectTracker(WIDTH, HEIGHT)
    assert follow(tracker, [seen()] * 3) == ["-"] * 3
    assert tracker.last_box() is None


def test_a_pose_keeps_the_subject_where_the_detector_is_blind() -> None:
    tracker = SubjectTracker(WIDTH, HEIGHT)
    follow(tracker, [seen(person(320, 260))] * 5)
    for step in range(5, 40):
        assert tracker.update(seen(), step * STEP_S) is None
        tracker.follow(np.array(person(320 + step, 260), np.float32), step * STEP_S)
    box = tracker.last_box()
    assert box is not None
    assert (box[0] + box[2]) / 2 == 359


people = st.lists(
    st.tuples(st.floats(0, WIDTH, width=32), st.floats(40, 460, width=32), st.floats(0.25, 1)),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(people, min_size=1, max_size=24), st.integers(0, 24))
def test_a_restored_tracker_goes_on_as_the_first_would_have(
    film: list[list[tuple[float, float, float]]], cut: int
) -> None:
    frames = [
        seen(*(person(x, h) for x, h, _ in row), scores=[s for _, _, s in row]) for row in film
    ]
    whole = SubjectTracker(WIDTH, HEIGHT)
    expected = follow(whole, frames)
    first = SubjectTracker(WIDTH, HEIGHT)
    begun = follow(first, frames[:cut])
    state = json.loads(json.dumps(first.state()))
    second = SubjectTracker.restore(WIDTH, HEIGHT, state)
    rest = follow(second, frames[cut:], cut) if cut < len(frames) else []
    assert begun + rest == expected
    assert second.state() == whole.state()
