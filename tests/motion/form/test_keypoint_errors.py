"""What keypoints do by themselves is no fault: hidden shoulders, shirts, tremor, lost limbs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.motion.form.form_reps import rep_of, script, values
from worker.motion.features.body_segments import Body
from worker.motion.form import RepFrames, judge
from worker.motion.form.measures import arms, knees, timing, trunk


def told(rep: RepFrames, exercise: str) -> dict[str, float]:
    return values(judge(exercise, rep))


def test_a_shoulder_that_an_arm_hides_is_no_swing_of_the_trunk() -> None:
    rep = rep_of(script("shoulder_press", 0.0))
    score = rep.body.score.copy()
    score[:, 5] = np.where(rep.share > 0.5, 0.35, 0.9)
    hidden = replace(rep, body=Body(x=rep.body.x, y=rep.body.y, score=score))
    assert trunk.swing(hidden) == pytest.approx(trunk.swing(rep), abs=1.0)


@pytest.mark.parametrize(
    ("joints", "swings"), [((5, 6), False), ((0, 1, 2, 3, 4), False), ((0, 1, 2, 3, 4, 5, 6), True)]
)
def test_shoulders_and_head_swing_together_or_not_at_all(
    joints: tuple[int, ...], swings: bool
) -> None:
    rep = rep_of(script("shoulder_press", 0.0))
    x = rep.body.x.copy()
    x[:, joints] += 0.25 * rep.trunk * rep.share[:, None]
    swung = trunk.swing(replace(rep, body=Body(x=x, y=rep.body.y, score=rep.body.score)))
    assert swung is not None and (swung > 5.0 if swings else swung < 2.0)


def test_a_moment_shows_no_range_of_movement() -> None:
    rep = rep_of(script("bicep_curl", 90.0))
    moment = slice(rep.turn, rep.turn + 4)
    body = Body(x=rep.body.x[moment], y=rep.body.y[moment], score=rep.body.score[moment])
    short = RepFrames(rep.seconds[moment], body, rep.progress[moment], 0)
    assert arms.upper_arm_drift(rep) is not None
    assert arms.upper_arm_drift(short) is None and trunk.swing(short) is None


@pytest.mark.parametrize(("joints", "most"), [((11, 12), 0.05), ((11, 12, 3, 4, 5, 6), None)])
def test_a_shirt_that_goes_up_with_the_arms_is_no_bend_of_the_knees(
    joints: tuple[int, ...], most: float | None
) -> None:
    rep = rep_of(script("shoulder_press", 90.0))
    y = rep.body.y.copy()
    y[:, joints] -= 0.15 * rep.leg * rep.share[:, None]
    dip = knees.bend_range(replace(rep, body=Body(x=rep.body.x, y=y, score=rep.body.score)))
    assert dip is not None
    # head and hips together: that is a body on bent knees
    assert dip < most if most else dip > 0.12


@pytest.mark.parametrize("frames", [12, 30, 120])
def test_tremor_is_no_detour_however_many_frames_show_it(frames: int) -> None:
    course = 1 - np.abs(np.linspace(-1, 1, frames))
    rep = rep_of(script("squat", 90.0))

    def detour(wave: float) -> float | None:
        share = np.clip(course + wave * np.resize((1.0, -1.0), frames), 0.0, None)
        body = Body(*(np.resize(part, (frames, 17)) for part in (rep.body.x,) * 3))
        made = RepFrames(np.arange(frames) / 30, body, share, int(np.argmax(share)))
        return timing.detour(made)

    assert detour(0.02) == pytest.approx(0.0, abs=0.05)
    shaken = detour(0.2)
    assert shaken is not None and shaken > 0.5


def test_a_movement_that_goes_back_half_way_is_a_detour() -> None:
    course = np.interp(np.arange(60), [0, 20, 30, 40, 59], [0, 1, 0.5, 1, 0])
    rep = rep_of(script("squat", 90.0))
    body = Body(*(np.resize(part, (60, 17)) for part in (rep.body.x,) * 3))
    made = RepFrames(np.arange(60) / 30, body, course, 20)
    assert timing.detour(made) == pytest.approx(0.5)


def test_what_lies_beyond_the_starts_of_a_rep_is_no_detour() -> None:
    course = np.interp(np.arange(60), [0, 10, 30, 50, 59], [0.5, 0, 1, 0, 0.5])
    rep = rep_of(script("squat", 90.0))
    body = Body(*(np.resize(part, (60, 17)) for part in (rep.body.x,) * 3))
    assert timing.detour(RepFrames(np.arange(60) / 30, body, course, 30)) == pytest.approx(0.0)


def swaying(rep: RepFrames, degrees: float, noise: float = 0.0) -> RepFrames:
    """The same with straight, vertical sides and upper arms that go from `degrees` behind the trunk
    to as many before it and back; joints are off by `noise` frame heights."""
    x, y = rep.body.x.copy(), rep.body.y.copy()
    swing = np.radians(degrees) * (2 * rep.share - 1)
    for side in (0, 1):
        x[:, 11 + side] = x[:, 5 + side]
        x[:, 7 + side] = x[:, 5 + side] + 0.15 * np.sin(swing)
        y[:, 7 + side] = y[:, 5 + side] + 0.15 * np.cos(swing)
    random = np.random.default_rng(3)
    x += random.normal(0.0, noise, x.shape)
    return replace(rep, body=Body(x=x, y=y, score=rep.body.score))


@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_an_elbow_that_passes_the_trunk_drifts_by_both_ways(noise: float) -> None:
    rep = rep_of(script("bicep_curl", 90.0))
    assert arms.upper_arm_drift(swaying(rep, 10.0, noise)) == pytest.approx(20.0, abs=2.5)
    assert arms.upper_arm_drift(swaying(rep, 0.0, noise)) == pytest.approx(0.0, abs=3.5)


def test_what_falls_faster_than_a_weight_is_not_timed() -> None:
    rep = rep_of(script("bicep_curl", 90.0, seconds=(0.8, 0.2, 0.8, 0.4)))
    lost = rep.progress.copy()
    lost[rep.turn + 2 :] = 0.0
    assert timing.drop_back(rep) is not None
    assert timing.drop_back(replace(rep, progress=lost)) is None


def test_a_camera_that_looks_down_adds_no_lean_from_the_front() -> None:
    level, high = (
        told(
            rep_of(replace(script("squat", 0.0), camera=replace(script("squat").camera, height=h))),
            "squat",
        )
        for h in (0.7, 1.0)
    )
    side = told(rep_of(script("squat", 90.0)), "squat")["trunk_forward"]
    assert level["trunk_forward"] < high["trunk_forward"] == pytest.approx(side, abs=6.0)
