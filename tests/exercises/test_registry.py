"""Every exercise's data holds together."""

from __future__ import annotations

import math

import pytest

from worker.contract.exercises import CATALOGUE
from worker.exercises import EXERCISES
from worker.exercises.model import Exercise, HoldExercise, RepExercise
from worker.motion.features.features import FEATURES, PAIRS

LANGUAGES = {"en", "fr", "de", "es", "pt"}
FORMULAS = {"range", "tempo", "symmetry", "smoothness"}
ALL = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def test_the_registry_is_part_of_the_catalogue() -> None:
    assert set(EXERCISES) <= set(CATALOGUE)
    assert all(exercise.id == key for key, exercise in EXERCISES.items())
    assert {"squat", "push_up", "bicep_curl", "jumping_jack"} <= set(EXERCISES)


@ALL
def test_names_are_known(exercise: Exercise) -> None:
    assert set(exercise.joints) <= set(PAIRS)
    used = {gate.feature for gate in exercise.gates}
    if isinstance(exercise, HoldExercise):
        used |= {travel.feature for travel in exercise.still}
    if isinstance(exercise, RepExercise):
        used |= {criterion.feature for criterion in exercise.criteria if criterion.feature}
        used |= {exercise.signal.feature, *(travel.feature for travel in exercise.travels)}
        if exercise.signal.front:
            used.add(exercise.signal.front.feature)
    assert used <= set(FEATURES)


@ALL
def test_criteria_have_formulas_and_weights(exercise: Exercise) -> None:
    if not isinstance(exercise, RepExercise):
        return
    names = [criterion.name for criterion in exercise.criteria]
    assert len(names) == len(set(names))
    assert all(c.feature or c.name in FORMULAS for c in exercise.criteria)
    assert all(c.good != c.bad for c in exercise.criteria)
    assert sum(c.weight for c in exercise.criteria) == pytest.approx(1)


@ALL
def test_advice_has_stable_codes_and_all_languages(exercise: Exercise) -> None:
    codes = [advice.code for advice in exercise.advice]
    assert len(codes) == len(set(codes))
    criteria = exercise.criteria if isinstance(exercise, RepExercise) else ()
    names = {criterion.name for criterion in criteria}
    for advice in exercise.advice:
        assert advice.code.startswith(exercise.id + "_")
        assert advice.criterion in names
        assert set(advice.texts) == LANGUAGES and all(advice.texts.values())


@ALL
def test_depth_grows_with_difficulty(exercise: Exercise) -> None:
    if isinstance(exercise, RepExercise):
        depth = exercise.depth
        assert 0.3 <= depth.easy < depth.normal < depth.pro <= 1
        assert 0 < exercise.seconds[0] < exercise.seconds[1]


@ALL
def test_travels_can_be_met(exercise: Exercise) -> None:
    travels = exercise.travels if isinstance(exercise, RepExercise) else ()
    if isinstance(exercise, HoldExercise):
        travels = exercise.still
        assert all(travel.minimum == 0 for travel in travels)
    assert all(0 <= travel.minimum < travel.maximum for travel in travels)
    assert all(travel.minimum > 0 or travel.maximum < math.inf for travel in travels)


def test_only_what_is_done_on_the_floor_is_lying() -> None:
    lying = {name for name, exercise in EXERCISES.items() if getattr(exercise, "lying", False)}
    assert lying == {"push_up", "glute_bridge", "leg_raise", "mountain_climber", "plank"}
