"""The athlete with a body: postures stand as commanded, jumps fly, frames repeat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

REASON = "the body is drawn with numba and scipy, which only `make clips` installs"
pytest.importorskip("numba", reason=REASON)
pytest.importorskip("scipy", reason=REASON)

from tests.synthetic.rendering.camera import View  # noqa: E402
from tests.synthetic.rendering.clips import TAKES  # noqa: E402
from tests.synthetic.rendering.film import frames  # noqa: E402
from tests.synthetic.rendering.geometry import X, Y, Z, arc, middle_joint, rotation  # noqa: E402
from tests.synthetic.rendering.jump import GRAVITY, Jump  # noqa: E402
from tests.synthetic.rendering.model import BodyModel, load_body  # noqa: E402
from tests.synthetic.rendering.moves import TABLES, posture_of  # noqa: E402
from tests.synthetic.rendering.posture import strike  # noqa: E402
from tests.synthetic.rendering.take import Take, angles, depths_at, postures, truth_of  # noqa: E402

DEPTHS = (0.0, 0.3, 0.7, 1.0)


@pytest.fixture(params=["man", "woman"])
def model(request: pytest.FixtureRequest) -> BodyModel:
    return load_body(request.param)


def lowest(model: BodyModel, move: str, depth: float) -> float:
    struck = strike(model, posture_of(move, model, depth, depth))
    skin = model.skinned(model.vertices, struck.matrices, struck.shifts)
    return float(skin[model.used, 2].min())


def test_turns() -> None:
    assert np.allclose(rotation(Z, 90) @ X, Y)
    assert np.allclose(arc(X, Y) @ X, Y)
    knee = middle_joint(np.zeros(3), 1.0 * -Z, 0.6, 0.6, -Y)
    assert np.linalg.norm(knee) == pytest.approx(0.6)
    assert knee[1] < 0


@pytest.mark.parametrize("move", sorted(set(TABLES) - {"high_knees"}))
@pytest.mark.parametrize("depth", DEPTHS)
def test_bodies_stand_on_the_floor(model: BodyModel, move: str, depth: float) -> None:
    own = depth if move not in ("lunge", "balance_leg") else 0.0
    struck = strike(model, posture_of(move, model, depth, own))
    skin = model.skinned(model.vertices, struck.matrices, struck.shifts)
    above = float(skin[model.used, 2].min())
    assert -0.035 < above < (0.08 if move == "jumping_jack" else 0.035)


@pytest.mark.parametrize("depth", DEPTHS)
def test_angles_are_as_commanded(model: BodyModel, depth: float) -> None:
    squat = angles(strike(model, posture_of("squat", model, depth, depth)))
    assert squat["left_knee"] == pytest.approx(180 - (6 + 104 * depth), abs=0.2)
    assert squat["right_knee"] == pytest.approx(squat["left_knee"], abs=0.2)
    curl = angles(strike(model, posture_of("bicep_curl", model, depth, 0.0)))
    assert curl["left_elbow"] == pytest.approx(180 - (10 + 128 * depth), abs=1.0)
    assert curl["right_elbow"] == pytest.approx(170, abs=1.0)


def test_a_push_up_keeps_hands_and_feet_and_a_straight_body(model: BodyModel) -> None:
    up, down = (strike(model, posture_of("push_up", model, d, d)) for d in (0.0, 1.0))
    for joint in ("wrist.L", "wrist.R", "foot.L", "foot.R"):
        assert np.allclose(up.joints[joint], down.joints[joint], atol=0.02), joint
    assert angles(up)["left_elbow"] > 150 > 100 > angles(down)["left_elbow"]
    assert angles(up)["left_hip"] > 160
    assert angles(down)["left_hip"] > 160


@pytest.mark.parametrize("height", [0.1, 0.3, 0.6])
def test_jumps_fly_as_high_as_they_say(model: BodyModel, height: float) -> None:
    jump = Jump(model, height, start=0.5)
    truth = jump.truth
    assert GRAVITY * (truth.landing - truth.takeoff) ** 2 / 8 == pytest.approx(height)
    times = np.linspace(0, jump.marks[-1], 2000)
    hips = np.array([jump.hips(float(second)) for second in times])
    assert hips.max() - hips[0] == pytest.approx(truth.hip_rise, abs=1e-4)
    assert np.abs(np.diff(hips)).max() < 1.1 * jump.speed * (times[1] - times[0])


def test_feet_leave_the_floor_in_flight_alone(model: BodyModel) -> None:
    jump = Jump(model, 0.3, start=0.2)
    truth = jump.truth
    for second in np.arange(0.0, jump.marks[-1], 0.04):
        toes = strike(model, jump.posture(float(second))).joints["toe2-1.L"][2]
        grounded = not truth.takeoff <= second < truth.landing
        assert (toes < 0.06) or not grounded, second
    middle = (truth.takeoff + truth.landing) / 2
    assert strike(model, jump.posture(middle)).joints["toe2-1.L"][2] > 0.29


def test_the_skin_leaves_the_floor_when_the_truth_says(model: BodyModel) -> None:
    jump = Jump(model, 0.3, start=0.2)
    takeoff = jump.truth.takeoff

    def lowest_skin(second: float) -> float:
        struck = strike(model, jump.posture(second))
        return float(
            model.skinned(model.vertices, struck.matrices, struck.shifts)[model.used, 2].min()
        )

    floor = lowest_skin(takeoff - 1e-4)
    for flown in (0.005, 0.02, 0.05):
        up = jump.speed * flown - GRAVITY * flown**2 / 2
        assert lowest_skin(takeoff + flown) - floor == pytest.approx(up, abs=0.004)


def test_sides_move_in_turn() -> None:
    take = Take("x", "lunge", "lunge", depths=(1.0, 1.0), alternate=True)
    left, right = depths_at(take, take.times)
    assert left.max() == pytest.approx(1, abs=0.02)
    assert right.max() == pytest.approx(1, abs=0.02)
    assert np.minimum(left, right).max() < 1e-9


def test_truth_counts_what_is_performed() -> None:
    for take in TAKES:
        truth = truth_of(take)
        assert len(postures(replace(take, fps=5))) == len(replace(take, fps=5).times)
        assert 3.5 <= len(take.times) / take.fps <= 12, take.name
        if "reps" in truth:
            assert truth["reps"] == len(truth["times"]) == len(take.depths)


def test_frames_repeat_and_show_somebody() -> None:
    view = View(width=90, height=120, oversampling=1)
    take = Take("x", "squat", "squat", depths=(1.0,), fps=10, view=view, seed=7)
    first, again = (np.stack(list(frames(take, every=8))) for _ in range(2))
    assert (first == again).all()
    other = np.stack(list(frames(replace(take, seed=8), every=8)))
    assert (first != other).any()
    blue = first[0].astype(int)
    assert ((blue[..., 2] - blue[..., 0]) > 40).sum() > 100
