"""A fault that is put into an exact body is found, named, and costs the more the greater it is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from tests.motion.form.form_reps import course_of, form_of, joints_of, points, script
from tests.synthetic.perform import Script
from tests.synthetic.skeleton import Floats, Joints
from worker.motion.form import RepForm

UPPER = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist")
)
HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")


def moved(joints: Joints, names: tuple[str, ...], by: Floats) -> Joints:
    """The joints with those named moved by `by` [n, 3] metres."""
    return {name: place + by if name in names else place for name, place in joints.items()}


def hips_low(made: Script, amount: float) -> Joints:
    """Hips that sag under the line by `amount` metres."""
    joints = joints_of(made)
    down = np.zeros((len(course_of(made)), 3))
    down[:, 2] = -amount
    return moved(joints, ("left_hip", "right_hip"), down)


def hips_high(made: Script, amount: float) -> Joints:
    """Hips that stand over the line by `amount` metres."""
    return hips_low(made, -amount)


def knees_in(made: Script, amount: float) -> Joints:
    """Knees that come together by `amount` metres each while the load is lifted."""
    joints, course = joints_of(made), course_of(made)
    lifting = course * (np.arange(len(course)) > int(np.argmax(course)))
    aside = np.zeros((len(course), 3))
    aside[:, 0] = amount * lifting
    middle = float((joints["left_hip"] + joints["right_hip"])[:, 0].mean() / 2)
    left = np.sign(middle - float(joints["left_knee"][:, 0].mean()))
    joints = moved(joints, ("left_knee",), left * aside)
    return moved(joints, ("right_knee",), -left * aside)


def hips_shooting(made: Script, degrees: float) -> Joints:
    """A trunk that tips further ahead by `degrees` half way up: the hips rise first."""
    course = course_of(made)
    rising = np.arange(len(course)) > int(np.argmax(course))
    return _tipped(made, np.radians(degrees) * np.sin(np.pi * np.clip(course, 0, 1)) * rising)


def turned(made: Script, degrees: float) -> Joints:
    """A trunk that tips further ahead about the hips by `degrees` at full depth."""
    return _tipped(made, np.radians(degrees) * course_of(made))


def _tipped(made: Script, angle: Floats) -> Joints:
    joints = joints_of(made)
    hips = 0.5 * (joints["left_hip"] + joints["right_hip"])
    tipped = dict(joints)
    for name in (*UPPER, *HEAD):
        away = joints[name] - hips
        tipped[name] = hips + np.stack(
            (
                away[:, 0],
                away[:, 1] * np.cos(angle) + away[:, 2] * np.sin(angle),
                away[:, 2] * np.cos(angle) - away[:, 1] * np.sin(angle),
            ),
            axis=1,
        )
    return tipped


def leaning_back(made: Script, degrees: float) -> Joints:
    """A trunk that leans back as the load goes up."""
    return turned(made, -degrees)


def upper_arm(made: Script, degrees: float) -> Joints:
    """Elbows that come ahead as the load goes up."""
    joints, course = joints_of(made), course_of(made)
    swung = dict(joints)
    angle = np.radians(degrees) * course
    for side in ("left", "right"):
        shoulder = joints[f"{side}_shoulder"]
        for joint in ("elbow", "wrist"):
            away = joints[f"{side}_{joint}"] - shoulder
            swung[f"{side}_{joint}"] = shoulder + np.stack(
                (
                    away[:, 0],
                    away[:, 1] * np.cos(angle) - away[:, 2] * np.sin(angle),
                    away[:, 2] * np.cos(angle) + away[:, 1] * np.sin(angle),
                ),
                axis=1,
            )
    return swung


def aside(made: Script, amount: float) -> Joints:
    """A body over the feet that goes to one side by `amount` metres at depth, knees half as far."""
    joints, course = joints_of(made), course_of(made)
    by = np.zeros((len(course), 3))
    by[:, 0] = amount * course
    joints = moved(joints, (*UPPER, *HEAD, "left_hip", "right_hip"), by)
    return moved(joints, ("left_knee", "right_knee"), 0.5 * by)


Change = Callable[[Script, float], Joints]

FAULTS: list[tuple[str, float, str, Change, tuple[float, ...]]] = [
    ("push_up", 90.0, "hips_low", hips_low, (0.0, 0.05, 0.1, 0.15)),
    ("push_up", 90.0, "hips_high", hips_high, (0.0, 0.08, 0.14, 0.2)),
    ("squat", 0.0, "knees_in", knees_in, (0.0, 0.03, 0.05, 0.08)),
    ("squat", 90.0, "trunk_forward", turned, (0.0, 12.0, 24.0, 32.0)),
    ("squat", 0.0, "trunk_forward", turned, (0.0, 12.0, 24.0, 32.0)),
    ("squat", 90.0, "hips_first", hips_shooting, (0.0, 20.0, 35.0, 50.0)),
    ("squat", 0.0, "shift", aside, (0.0, 0.06, 0.12, 0.2)),
    ("bicep_curl", 90.0, "upper_arm_drift", upper_arm, (0.0, 15.0, 30.0, 45.0)),
    ("bicep_curl", 90.0, "lean_back", leaning_back, (0.0, 8.0, 16.0, 24.0)),
    ("shoulder_press", 90.0, "lean_back", leaning_back, (0.0, 8.0, 16.0, 24.0)),
    ("lateral_raise", 90.0, "swing", leaning_back, (0.0, 10.0, 18.0, 26.0)),
    ("lunge", 90.0, "trunk_forward", turned, (0.0, 15.0, 30.0, 45.0)),
]


@pytest.mark.parametrize(("move", "yaw", "name", "change", "amounts"), FAULTS)
def test_a_greater_fault_scores_lower_and_a_clear_one_below_70(
    move: str, yaw: float, name: str, change: Change, amounts: tuple[float, ...]
) -> None:
    made = script(move, yaw)
    forms = [form_of(made, change(made, amount)) for amount in amounts]
    scores, named = [form.score for form in forms], [points(form)[name] for form in forms]
    assert scores[0] >= 90, points(forms[0])
    assert named == sorted(named, reverse=True)
    assert all(later < before for before, later in pairwise(scores))
    assert scores[-1] < 70 and named[-1] < 20


def worst(form: RepForm) -> str:
    judged = points(form)
    return min(judged, key=lambda name: judged[name])


@pytest.mark.parametrize(("move", "yaw", "name", "change", "amounts"), FAULTS)
def test_the_fault_is_the_one_that_is_named(
    move: str, yaw: float, name: str, change: Change, amounts: tuple[float, ...]
) -> None:
    made = script(move, yaw)
    found = worst(form_of(made, change(made, amounts[-1])))
    # a trunk that leans back has swung
    assert found == name or {found, name} <= {"lean_back", "swing", "trunk_forward",
                                               "trunk_parallel_to_shin"}  # fmt: skip


def test_two_clear_faults_end_below_50() -> None:
    made = script("squat", 0.0, depth=0.5)
    assert form_of(made, knees_in(made, 0.2)).score < 50


@pytest.mark.parametrize("move", ["squat", "push_up", "bicep_curl", "glute_bridge", "tricep_dip"])
def test_half_a_rep_is_a_clear_fault(move: str) -> None:
    yaw = 90.0
    scores = [form_of(script(move, yaw, depth)).score for depth in (1.0, 0.8, 0.6, 0.4)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= 90 and scores[-1] < 70
