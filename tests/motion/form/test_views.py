"""A view that does not show a fault does not judge it, and a turn makes no even body uneven."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.motion.form.form_reps import form_of, points, rep_of, script
from tests.motion.form.test_faults import hips_low
from worker.motion.features.body_segments import Body
from worker.motion.form import RepFrames, judge
from worker.motion.form.criteria import CRITERIA

SIDE_ONLY = {
    "squat": {"trunk_parallel_to_shin", "knee_ahead_of_ankle"},
    "push_up": {"hips_low", "hips_high", "chest_first"},
    "lunge": {"knee_ahead_of_ankle"},
    "bicep_curl": {"lean_back"},
    "deadlift": {"bar_away", "lean_back"},
}
FRONT_ONLY = {
    "squat": {"knees_in", "shift", "symmetry"},
    "push_up": {"forearm_tilt", "symmetry"},
    "lunge": {"knee_in"},
}


@pytest.mark.parametrize("move", sorted(SIDE_ONLY))
def test_the_front_does_not_show_what_only_the_side_does(move: str) -> None:
    assert not SIDE_ONLY[move] & set(points(form_of(script(move, 0.0))))
    assert set(points(form_of(script(move, 90.0)))) >= SIDE_ONLY[move]


@pytest.mark.parametrize("move", sorted(FRONT_ONLY))
def test_the_side_does_not_show_what_only_the_front_does(move: str) -> None:
    assert not FRONT_ONLY[move] & set(points(form_of(script(move, 90.0))))
    assert set(points(form_of(script(move, 0.0)))) >= FRONT_ONLY[move]


@pytest.mark.parametrize("move", ["squat", "push_up", "bicep_curl", "shoulder_press", "lunge"])
@pytest.mark.parametrize("yaw", [0.0, 15.0, 30.0, 40.0, 50.0, 70.0, 90.0])
def test_an_even_body_is_even_from_everywhere(move: str, yaw: float) -> None:
    form = form_of(script(move, yaw))
    assert form.score >= 90, points(form)


@pytest.mark.parametrize("yaw", [0.0, 30.0, 40.0])
def test_an_uneven_curl_is_uneven_from_the_front(yaw: float) -> None:
    even, uneven = script("bicep_curl", yaw), script("bicep_curl", yaw, lopsided=0.5)
    assert points(form_of(uneven))["symmetry"] < points(form_of(even))["symmetry"] - 30


def test_what_is_hidden_is_told_as_not_judged() -> None:
    rep = rep_of(script("squat", 90.0))
    score = rep.body.score.copy()
    score[:, 15:17] = 0.05
    hidden = replace(rep, body=Body(x=rep.body.x, y=rep.body.y, score=score))
    told = {one.name: one for one in judge("squat", hidden).criteria}
    assert not told["knee_ahead_of_ankle"].judged
    assert told["knee_ahead_of_ankle"].score is None and told["knee_ahead_of_ankle"].value is None
    assert told["trunk_forward"].judged and told["trunk_forward"].score is not None


def test_a_mirrored_body_scores_the_same() -> None:
    for move in ("squat", "push_up", "bicep_curl", "lunge", "deadlift"):
        rep = rep_of(script(move, 90.0))
        other = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
        body = rep.body
        mirrored = Body(x=1.8 - body.x[:, other], y=body.y[:, other], score=body.score[:, other])
        assert judge(move, replace(rep, body=mirrored)).score == judge(move, rep).score


def test_size_and_place_in_the_picture_do_not_matter() -> None:
    rep = rep_of(script("squat", 0.0))
    body = Body(x=0.5 * rep.body.x + 0.2, y=0.5 * rep.body.y + 0.1, score=rep.body.score)
    assert judge("squat", replace(rep, body=body)).score == judge("squat", rep).score


@pytest.mark.parametrize("exercise", sorted(CRITERIA))
@pytest.mark.parametrize("frames", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("progress", [0.0, np.nan])
def test_whatever_comes_is_scored(exercise: str, frames: int, progress: float) -> None:
    rep = rep_of(script("squat", 45.0))
    body = Body(x=rep.body.x[:frames], y=rep.body.y[:frames], score=rep.body.score[:frames])
    course = np.full(frames, progress)
    for side in (None, 0, 1):
        short = RepFrames(rep.seconds[:frames], body, course, 0, side)
        assert 0 <= judge(exercise, short).score <= 100
        assert 0 <= judge(exercise, short, over=False).score <= 100


def test_nothing_seen_is_nothing_judged() -> None:
    rep = rep_of(script("squat", 0.0))
    nothing = Body(*(np.zeros_like(rep.body.x) for _ in range(3)))
    told = judge("squat", replace(rep, body=nothing)).criteria
    assert {one.name for one in told if one.judged} <= {"tempo", "smoothness"}


def test_a_body_that_turns_away_loses_a_fault_little_by_little() -> None:
    scores = []
    for yaw in range(90, 20, -2):
        made = script("push_up", float(yaw))
        scores.append(judge("push_up", rep_of(made, hips_low(made, 0.15))).score)
    assert scores[0] < 60 < 85 < scores[-1]
    assert np.abs(np.diff(scores)).max() < 20, scores
