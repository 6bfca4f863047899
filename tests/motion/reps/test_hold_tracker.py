"""Holds count whole seconds in the pose, and only those."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.filming import FILMINGS, filmed
from tests.synthetic.perform import Camera, Script, perform
from worker.contract.messages import Counter
from worker.contract.options import JobOptions

HOLDS = [("plank", 90), ("wall_sit", 0), ("wall_sit", 90), ("balance_leg", 0), ("balance_leg", 60)]
ONCE = Script(depths=(1.0,), seconds=(0.5, 8.0, 0.5, 1.0), noise=0.006)


def script_for(move: str, yaw: float) -> Script:
    height = 0.6 if move == "plank" else 1.0
    return replace(ONCE, move=move, camera=Camera(yaw=yaw, height=height))


@pytest.mark.parametrize(("move", "yaw"), HOLDS)
@pytest.mark.parametrize("fps", [10, 30])
def test_seconds_in_the_pose(move: str, yaw: float, fps: float) -> None:
    entries, analysis = analyse(replace(script_for(move, yaw), fps=fps))
    counts = [e.message.current_count for e in entries if isinstance(e.message, Counter)]
    assert counts == [*range(1, counts[-1] + 1), counts[-1]]
    assert analysis.result.seconds == pytest.approx(8, abs=1)
    assert analysis.result.seconds == analysis.result.count


def test_two_holds_add_up() -> None:
    script = replace(script_for("plank", 90), depths=(1.0, 1.0), seconds=(0.5, 4.0, 0.5, 2.0))
    assert analyse(script)[1].result.count == pytest.approx(8, abs=1)


def test_the_side_of_a_balance_matters() -> None:
    script = script_for("balance_leg_left", 30)
    assert analyse(script)[1].result.count >= 7
    assert analyse(script, "balance_leg_right")[1].result.count == 0


@pytest.mark.parametrize("way", ["close", "rolled by 8", "feet outside"])
@pytest.mark.parametrize("yaw", [0, 45, 90])
def test_a_raised_knee_is_a_raised_foot(way: str, yaw: float) -> None:
    head, chunk = filmed(script_for("balance_leg", yaw), FILMINGS[way])
    _, analysis = entries_of(head, [chunk], JobOptions(exercise="balance_leg"))
    assert analysis.result.seconds == pytest.approx(8, abs=1)


def test_of_a_leg_that_is_hidden_nothing_is_held() -> None:
    script = Script(move="standing", noise=0.006, camera=Camera(yaw=90))
    head, chunk = filmed(script, FILMINGS["farther side hidden"])
    assert entries_of(head, [chunk], JobOptions(exercise="balance_leg"))[1].result.count == 0


@pytest.mark.parametrize("exercise", ["plank", "wall_sit", "balance_leg"])
@pytest.mark.parametrize("yaw", [0, 45, 90])
def test_standing_holds_nothing(exercise: str, yaw: float) -> None:
    script = Script(move="standing", noise=0.006, camera=Camera(yaw=yaw))
    assert analyse(script, exercise)[1].result.count == 0


@pytest.mark.parametrize(("lost", "expected"), [(3.0, 20), (9.0, 11)])
def test_a_cut_within_a_hold_counts_if_it_is_short(lost: float, expected: int) -> None:
    head, chunk = perform(replace(script_for("wall_sit", 0), seconds=(0.5, 20.0, 0.5, 1.0)))
    joints = chunk.keypoints.copy()
    joints[(chunk.times_us > 5e6) & (chunk.times_us < (5 + lost) * 1e6)] = 0
    _, analysis = entries_of(
        head, [replace(chunk, keypoints=joints)], JobOptions(exercise="wall_sit")
    )
    assert analysis.result.count == pytest.approx(expected, abs=1)
    counts = [one.counted for one in analysis.take_hud()]
    assert counts == sorted(counts)


def test_a_cut_that_blends_costs_no_hold() -> None:
    head, chunk = perform(replace(script_for("wall_sit", 0), seconds=(0.5, 20.0, 0.5, 1.0)))
    joints = chunk.keypoints.copy()
    seconds = chunk.times_us * 1e-6
    joints[(seconds > 8.1) & (seconds < 11.9)] = 0
    # Beside the cut the legs are guessed from two pictures at once.
    blended = (np.abs(seconds - 8) < 0.1) | (np.abs(seconds - 12) < 0.1)
    joints[blended, 11:, 1] -= 0.2
    joints[blended, 13:, :2] *= 0.7
    _, analysis = entries_of(
        head, [replace(chunk, keypoints=joints)], JobOptions(exercise="wall_sit")
    )
    assert analysis.result.count == pytest.approx(20, abs=1)


@pytest.mark.parametrize("yaw", [90, 60])
def test_push_ups_are_not_a_plank(yaw: float) -> None:
    script = Script(
        move="push_up", depths=(1.0,) * 6, seconds=(0.8, 0.1, 0.7, 0.1), noise=0.006, lead=0.2,
        camera=Camera(yaw=yaw, height=0.6),
    )  # fmt: skip
    assert analyse(script, "plank")[1].result.count <= 1


@pytest.mark.parametrize("yaw", [0, 45, 90])
@pytest.mark.parametrize("move", ["squat", "deadlift"])
def test_slow_reps_are_no_wall_sit(move: str, yaw: float) -> None:
    script = Script(
        move=move, depths=(1.0,) * 4, seconds=(1.8, 0.2, 1.6, 1.0), noise=0.006,
        camera=Camera(yaw=yaw),
    )  # fmt: skip
    for seed in range(3):
        assert analyse(replace(script, seed=seed), "wall_sit")[1].result.count == 0


@pytest.mark.parametrize("yaw", [90, -90])
def test_feet_apart_in_profile_are_both_on_the_floor(yaw: float) -> None:
    # Open legs, one nearer to the camera than the other: its foot looks lower by a sixth.
    script = Script(
        move="jumping_jack", depths=(1.0,), seconds=(0.5, 6.0, 0.5, 1.0), noise=0.006,
        camera=Camera(yaw=yaw, distance=2.5, focal=0.55),
    )  # fmt: skip
    assert analyse(script, "balance_leg")[1].result.count == 0


@pytest.mark.parametrize("yaw", [0, 45, 90])
def test_walking_is_no_balance(yaw: float) -> None:
    script = Script(
        move="walking", depths=(1.0,) * 10, seconds=(0.6, 0.0, 0.6, 0.0), noise=0.006,
        camera=Camera(yaw=yaw),
    )  # fmt: skip
    assert analyse(script, "balance_leg")[1].result.count == 0
