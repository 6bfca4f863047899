"""Profiles: what they name, who gets which, and a log that keeps its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.contract.errors import JobError
from worker.contract.options import Profile
from worker.pose.engine import PoseEngine
from worker.pose.profiles import PROFILES, ModelName, model_of, skips_detector
from worker.pose.weights.registry import DEFAULT_MODELS


@pytest.mark.parametrize("gpu", [False, True])
def test_profiles_are_of_models_that_are_installed_by_default(gpu: bool) -> None:
    names = {profile: model_of(profile, gpu=gpu) for profile in PROFILES}
    assert len(set(names.values())) == 3
    parts = [ModelName.parse(name) for name in names.values()]
    assert {name for part in parts for name in (part.people, part.joints)} <= set(DEFAULT_MODELS)
    thunder = "nanodet_person+movenet_thunder"
    assert model_of("auto", gpu=gpu) == (names["accurate"] if gpu else thunder)


def test_the_detector_rests_where_cost_is_what_counts() -> None:
    assert [skips_detector(model_of(profile, gpu=False)) for profile in PROFILES] == [
        True,
        True,
        False,
    ]
    assert not skips_detector(model_of("auto", gpu=False))
    assert not skips_detector("nanodet_person+rtmpose_m")


def test_names_that_are_not_known_are_refused() -> None:
    assert ModelName.parse("nanodet_person+movenet_thunder+flip").flip
    for name in ("nanodet_person", "nanodet_person+hourglass", "nanodet_person+movenet_thunder+x"):
        with pytest.raises(JobError, match="does not know the model"):
            ModelName.parse(name)


@pytest.mark.models
def test_a_job_gets_its_profile_and_goes_on_with_it(models_dir: Path) -> None:
    engine = PoseEngine(models_dir, "cpu", profile="balanced")
    assert engine.environment.model == model_of("balanced", gpu=False)
    assert engine.profiled(None) is engine.profiled("balanced") is engine
    other: Profile = "fast"
    fast = engine.profiled(other)
    assert fast.environment.model == model_of("fast", gpu=False)
    assert engine.named(fast.environment.model) is fast
    chosen = PoseEngine(models_dir, "cpu", model="nanodet_person+movenet_thunder")
    assert chosen.environment.model == "nanodet_person+movenet_thunder"
