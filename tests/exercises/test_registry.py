"""Every exercise's data holds together."""

from __future__ import annotations

import numpy as np
import pytest

from worker.contract.exercises import CATALOGUE
from worker.exercises import EXERCISES
from worker.exercises.model import Exercise, HoldExercise, RepExercise
from worker.motion.features.body_segments import PAIRS, Body
from worker.motion.features.measures import sides_of, whole

ALL = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
BODY = Body(*np.random.default_rng(1).random((3, 4, 17)))


def test_the_registry_is_the_catalogue() -> None:
    assert set(EXERCISES) <= set(CATALOGUE)
    assert all(exercise.id == key for key, exercise in EXERCISES.items())
    for key, exercise in EXERCISES.items():
        assert isinstance(exercise, RepExercise) == (CATALOGUE[key].kind == "reps")


@ALL
def test_names_are_known(exercise: Exercise) -> None:
    assert {*exercise.joints} <= set(PAIRS)
    if isinstance(exercise, HoldExercise):
        for one in (*exercise.pose, *exercise.still):
            assert whole(BODY, one.measure)[0].shape == (4,)
    if isinstance(exercise, RepExercise):
        for one in (*exercise.signals, *exercise.conditions):
            assert whole(BODY, one.measure)[0].shape == (4,)
        sided = [signal.measure for signal in exercise.signals if exercise.sides == "each"]
        for name in (*sided, *filter(None, (exercise.leading,))):
            assert sides_of(BODY, name)[0].shape == (4, 2)


@ALL
def test_signals_and_limits_make_sense(exercise: Exercise) -> None:
    if isinstance(exercise, HoldExercise):
        assert all(limit.low < limit.high for limit in (*exercise.pose, *exercise.still))
    if not isinstance(exercise, RepExercise):
        return
    assert 1 <= len(exercise.signals) <= 4
    assert all(signal.full != 0 and 0 < signal.weight <= 1 for signal in exercise.signals)
    assert all(condition.low < condition.high for condition in exercise.conditions)
    assert 0.2 <= exercise.least <= 0.7


def test_only_what_is_done_on_the_floor_is_lying() -> None:
    lying = {name for name, exercise in EXERCISES.items() if getattr(exercise, "lying", False)}
    assert {"push_up", "glute_bridge", "leg_raise", "mountain_climber", "plank"} <= lying
    assert not lying & {"squat", "lunge", "deadlift", "bicep_curl", "wall_sit"}
