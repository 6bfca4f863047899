"""Holds: the line of the body, what is lost over time, and the frames that are kept."""

from __future__ import annotations

import numpy as np
import pytest

from tests.motion.form.form_reps import joints_of, points, rep_of, script, values
from tests.synthetic.perform import times_of
from worker.motion.features.body_segments import Body
from worker.motion.form import HoldForm, RepForm


def hold_form(sag: float, *, drift: float = 0.0, elbows: float = 0.0, size: int = 10) -> RepForm:
    """A plank with hips `sag` metres under the line and `drift` more at its end, and elbows by
    `elbows` metres ahead, fed in parts."""
    made = script("plank", 90.0, seconds=(0.9, 4.0, 0.8, 0.5))
    joints, seconds = joints_of(made), times_of(made)
    down = np.zeros((len(seconds), 3))
    down[:, 2] = -sag - drift * np.linspace(0, 1, len(seconds))
    for side in ("left", "right"):
        joints[f"{side}_hip"] = joints[f"{side}_hip"] + down
        joints[f"{side}_elbow"] = joints[f"{side}_elbow"] + np.array([0.0, elbows, 0.0])
    rep = rep_of(made, joints)
    hold, body = HoldForm("plank"), rep.body
    rows = np.flatnonzero(rep.progress > 0.999)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        hold.add(rep.seconds[part], Body(x=body.x[part], y=body.y[part], score=body.score[part]))
    return hold.form()


def test_a_straight_plank_earns_an_a() -> None:
    assert hold_form(0.0).score >= 90


def test_the_sign_of_the_hips_is_told() -> None:
    low, high = points(hold_form(0.14)), points(hold_form(-0.4))
    assert low["hips_low"] < 20 < 90 < low["hips_high"]
    assert high["hips_high"] < 20 < 90 < high["hips_low"]


def test_the_score_falls_with_the_hips() -> None:
    scores = [hold_form(sag).score for sag in (0.0, 0.03, 0.06, 0.09, 0.12)]
    assert scores == sorted(scores, reverse=True) and scores[-1] < 70


def test_hips_that_sink_over_time_are_a_fault_of_their_own() -> None:
    assert values(hold_form(0.0, drift=0.3))["drift"] > 0.03 > abs(values(hold_form(0.0))["drift"])


@pytest.mark.parametrize("way", [-1, 1])
def test_elbows_belong_under_the_shoulders(way: int) -> None:
    forms = [hold_form(0.0, elbows=way * ahead) for ahead in (0.0, 0.1, 0.2, 0.3)]
    named = [points(form)["arms_upright"] for form in forms]
    assert named[0] > 90 and named[-1] < 20 and named == sorted(named, reverse=True)
    assert forms[-1].score > 75


def test_how_frames_come_does_not_matter() -> None:
    assert hold_form(0.05, size=7) == hold_form(0.05, size=31)


@pytest.mark.parametrize("sizes", [(3000,), (1, 999, 2000), (700, 1, 1, 2298)])
def test_a_long_hold_keeps_a_bounded_choice_of_frames(sizes: tuple[int, ...]) -> None:
    hold, at = HoldForm("plank"), 0
    for size in sizes:
        nothing = np.zeros((size, 17))
        hold.add(np.arange(at, at + size) / 30.0, Body(x=nothing, y=nothing, score=nothing))
        at += size
    assert hold._kept[:, 0].tolist() == (np.arange(0, 3000, 8) / 30.0).tolist()


def test_a_hold_of_no_frames_is_not_judged() -> None:
    assert not any(one.judged for one in HoldForm("plank").form().criteria)
