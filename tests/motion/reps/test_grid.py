"""A sample of the athlete grid, every exercise in it; `make accuracy` runs the whole."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.filming import FILMINGS, filmed, told
from tests.synthetic.grid import Cell, cells, counted
from tests.synthetic.jumps import JumpScript, perform_jumps
from tests.synthetic.perform import Camera, Script
from worker.contract.exercises import CATALOGUE
from worker.contract.options import JobOptions

REPS = [entry.id for entry in CATALOGUE.values() if entry.kind == "reps"]
FLOOR = ("glute_bridge", "leg_raise", "mountain_climber", "tricep_dip", "calf_raise", "side_lunge")
LOADED = (
    "sit_up", "pull_up", "burpee", "bench_press", "row", "kettlebell_swing", "front_raise",
    "triceps_extension",
)  # fmt: skip


@pytest.mark.parametrize("exercise", REPS)
def test_a_sample_of_the_grid_is_exact(exercise: str) -> None:
    chosen = random.Random(exercise).sample([c for c in cells() if c.exercise == exercise], 1)
    shares = counted(chosen, reps=4)
    assert shares.exact == 1, shares.wrong


@pytest.mark.parametrize("way", FILMINGS)
def test_a_sample_of_every_way_of_filming_is_exact(way: str) -> None:
    filming = FILMINGS[way]
    suited = [c for c in cells() if (c.pace, c.fps) == (1.0, 30.0) and filming.suits(c)]
    for seed, cell in enumerate(random.Random(way).sample(suited, 2)):
        head, chunk = filmed(cell.script(5, seed), filming)
        _, analysis = entries_of(head, [chunk], JobOptions(exercise=cell.exercise))
        assert analysis.result.count == told(cell, filming, 5), cell


@pytest.mark.parametrize("move", ["standing", "walking"])
@pytest.mark.parametrize("exercise", FLOOR + LOADED)
def test_standing_and_walking_are_none_of_them(exercise: str, move: str) -> None:
    yaw = 90 if CATALOGUE[exercise].view == "side" else 30
    script = Script(move=move, depths=(1.0,) * 6, noise=0.008, camera=Camera(yaw=yaw))
    assert analyse(script, exercise)[1].result.count == 0


@pytest.mark.parametrize(
    ("move", "yaw", "exercise"),
    [


        ("high_knees", 0, "lunge"), ("squat", 0, "calf_raise"),
        ("squat", 90, "calf_raise"), ("deadlift", 0, "calf_raise"),
        ("jumping_jack", 0, "calf_raise"),
        ("deadlift", 90, "mountain_climber"), ("push_up", 0, "calf_raise"),
        ("leg_raise", 90, "glute_bridge"), ("glute_bridge", 90, "leg_raise"),
        ("calf_raise", 90, "squat"), ("calf_raise", 0, "deadlift"),
        ("balance_leg", -90, "side_lunge"),
        ("high_knees", 90, "side_lunge"), ("jumping_jack", 0, "side_lunge"),
        ("squat", 20, "lateral_raise"), ("squat", 0, "bicep_curl"),
        ("lateral_raise", 90, "shoulder_press"), ("push_up", 90, "mountain_climber"),
        ("lateral_raise", 0, "front_raise"), ("bicep_curl", 0, "front_raise"),
        ("glute_bridge", 90, "sit_up"), ("leg_raise", 90, "sit_up"), ("push_up", 90, "sit_up"),
        ("squat", 90, "burpee"), ("deadlift", 90, "burpee"), ("push_up", 90, "bench_press"),
        ("shoulder_press", 0, "pull_up"), ("shoulder_press", 90, "bench_press"),
        ("deadlift", 90, "kettlebell_swing"), ("front_raise", 90, "kettlebell_swing"),
        ("shoulder_press", 0, "triceps_extension"), ("squat", 0, "row"),
    ],
)  # fmt: skip
def test_one_is_not_another(move: str, yaw: float, exercise: str) -> None:
    """Squats, lunges and deadlifts bend the same joints: of those one may count as another."""
    performed = Cell(move, yaw, 1.0, 30.0).script(4, seed=3)
    assert analyse(performed, exercise)[1].result.count == 0


@pytest.mark.parametrize("yaw", [0, 90])
def test_a_jump_is_no_calf_raise(yaw: float) -> None:
    seen = Script(fps=60, noise=0.004, camera=Camera(yaw=yaw))
    head, chunk, _ = perform_jumps(JumpScript(heights=(0.3, 0.4), seen=seen))
    assert entries_of(head, [chunk], JobOptions(exercise="calf_raise"))[1].result.count == 0


@pytest.mark.parametrize("yaw", [90, -90])
@pytest.mark.parametrize("pace", [0.7, 2.0])
def test_calf_raises_count_whatever_perspective_does_to_the_farther_foot(
    yaw: float, pace: float
) -> None:
    for seed in (0, 1, 2):
        script = Cell("calf_raise", yaw, pace, 15.0).script(4, seed=seed)
        assert analyse(script)[1].result.count == 4


@pytest.mark.parametrize("exercise", FLOOR + LOADED)
def test_a_third_of_the_way_does_not_count(exercise: str) -> None:
    cell = Cell(exercise, 90.0 if CATALOGUE[exercise].view == "side" else 0.0, 1.0, 30.0)
    script = replace(cell.script(4, seed=5), depths=(1.0, 0.3, 1.0, 0.3))
    assert analyse(script)[1].result.count == 2


@pytest.mark.parametrize("yaw", [45, 90])
def test_a_triceps_extension_at_a_cable_pushes_down(yaw: float) -> None:
    script = replace(Cell("triceps_extension", yaw, 1.0, 30.0).script(5, seed=2), move="pushdown")
    assert analyse(script, "triceps_extension")[1].result.count == 5


@pytest.mark.parametrize("exercise", ["row", "front_raise", "triceps_extension"])
def test_each_arm_in_turn_is_a_repetition(exercise: str) -> None:
    script = replace(Cell(exercise, 0.0, 1.0, 30.0).script(6, seed=4), alternate=True)
    assert analyse(script)[1].result.count == 6


@pytest.mark.parametrize("share", [0.75, 1.15])
@pytest.mark.parametrize("exercise", LOADED)
def test_short_and_long_ranges_count(exercise: str, share: float) -> None:
    script = Cell(exercise, 90.0, 1.0, 30.0).script(4, seed=6)
    assert analyse(replace(script, depths=(share,) * 4))[1].result.count == 4
