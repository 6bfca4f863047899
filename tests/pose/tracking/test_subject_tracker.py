"""Which person a job is about."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pose.detectors.nanodet import Detections
from worker.pose.tracking.subject_tracker import FORGET_S, SubjectTracker

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
    frames = [seen(person(320, 260))] * 20 + [seen(person(480, 220))] * 5
    found = follow(SubjectTracker(WIDTH, HEIGHT), frames)
    assert found == ["320"] * 20 + ["-"] + ["480"] * 4


def test_one_who_comes_back_after_what_looked_like_a_cut_is_the_subject_again() -> None:
    subject, other = person(200, 260), person(480, 220)
    frames = [seen(subject)] * 20 + [seen(other)] * 4 + [seen(subject, other)] * 3
    found = follow(SubjectTracker(WIDTH, HEIGHT), frames)
    assert found == ["200"] * 20 + ["-"] + ["480"] * 3 + ["200"] * 3


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
