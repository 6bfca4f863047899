"""Options, plan gates, aliases and grades, as hosts use them."""

from __future__ import annotations

import msgspec
import pytest

from worker.contract.errors import JobError
from worker.contract.exercises import ALIASES, CATALOGUE, resolve_exercise
from worker.contract.grades import grade_of
from worker.contract.options import PARSERS, JobOptions, parse_options
from worker.contract.plans import GATED, Plan, blocked_options, check_plan


def refusal(**values: object) -> JobError:
    with pytest.raises(JobError) as caught:
        parse_options(values)
    return caught.value


def test_query_texts_and_json_values_mean_the_same() -> None:
    texts = parse_options({"exercise": "Push-Up", "keypoints": "true", "minGrade": "b"})
    values = parse_options({"exercise": "push_up", "keypoints": True, "minGrade": "B"})
    assert texts == values == JobOptions(exercise="push_up", keypoints=True, minGrade="B")


@pytest.mark.parametrize(
    ("given", "meant"),
    [("hard", "pro"), ("medium", "normal"), ("easy", "easy"), ("impossible", "normal")],
)
def test_difficulties(given: str, meant: str) -> None:
    assert parse_options({"difficulty": given}).difficulty == meant


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (True, ("video",)),
        ("true", ("video",)),
        (["report", "video", "report"], ("video", "report")),
        ("Report, poster", ("report", "poster")),
        (["keypoints"], ("keypoints",)),
        (False, ()),
        ([], ()),
    ],
)
def test_kinds_of_export(given: object, kinds: tuple[str, ...]) -> None:
    options = parse_options({"export": given})
    assert options.export_kinds == kinds
    assert bool(options.export) == bool(kinds)
    back = msgspec.json.decode(msgspec.json.encode(options), type=JobOptions)
    assert back == options
    if kinds:
        with pytest.raises(JobError) as caught:
            check_plan(options, Plan.FREE)
        assert caught.value.details == {"blocked": ["export"]}


@pytest.mark.parametrize("given", ["gif", ["video", "gif"], 1, [1], {"video": True}, "video,"])
def test_kinds_that_are_none(given: object) -> None:
    error = refusal(export=given)
    assert error.details is not None
    assert "report" in error.details["allowed"]


def test_unknown_fields_are_refused_by_name() -> None:
    error = refusal(exercize="squat")
    assert error.code == "invalid_parameter" and error.details is not None
    assert error.details["parameter"] == "exercize" and "exercise" in error.details["allowed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("keypoints", "yes"), ("minGrade", "E"), ("userHeightCm", "tall"), ("userHeightCm", 17),
        ("userHeightCm", True), ("poseBackend", "cuda"), ("source", "audio"), ("reference", ""),
    ],
)  # fmt: skip
def test_a_wrong_value_says_what_is_allowed(field: str, value: object) -> None:
    if value == "":
        assert parse_options({field: value}) == JobOptions()
        return
    error = refusal(**{field: value})
    assert error.code == "invalid_parameter" and error.details is not None
    assert error.details["parameter"] == field and error.details["allowed"]


def test_texts_that_hosts_match_on() -> None:
    assert refusal(exercise="moonwalk").message == "Exercise 'moonwalk' is not available"
    both = refusal(exercise="squat", reference="r1")
    assert both.message == "You cannot combine reference & exercise."
    height = refusal(exercise="jump_analysis")
    assert height.code == "jump_analysis_missing_height"
    assert height.message.startswith("User height (userHeightCm) must be provided")


def test_free_plan_refuses_the_whole_job_and_names_every_option() -> None:
    options = parse_options({"exercise": "squat", **dict.fromkeys(GATED, True)})
    with pytest.raises(JobError) as caught:
        check_plan(options, Plan.FREE)
    assert caught.value.code == "developer_features_not_allowed"
    assert caught.value.message.startswith("You cannot use developer features.")
    assert caught.value.details == {"blocked": list(GATED)}
    for plan in (Plan.DEVELOPER, Plan.CUSTOM, Plan.COMPANY):
        check_plan(options, plan)
    check_plan(parse_options({"exercise": "squat", "minGrade": "A"}), Plan.FREE)


@pytest.mark.parametrize(
    ("given", "always"),
    [
        ({}, True), ({"source": "image", "exercise": "squat"}, True),
        ({"exercise": "squat"}, False), ({"reference": "ref_1"}, False),
    ],
)  # fmt: skip
def test_without_an_exercise_every_plan_has_keypoints(given: dict[str, str], always: bool) -> None:
    assert parse_options(given).streams_keypoints is always
    asked = parse_options({**given, "keypoints": True})
    assert asked.streams_keypoints
    assert blocked_options(asked, Plan.FREE) == (() if always else ("keypoints",))
    more = parse_options({**given, "keypoints": True, "angles": True})
    assert "angles" in blocked_options(more, Plan.FREE)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqat", "squat"),
        ("plnk", "plank"),
        ("Push upp", "push_up"),
        ("jumping jax", "jumping_jack"),
    ],
)
def test_a_misspelt_exercise_is_told_what_was_meant(given: str, meant: str) -> None:
    error = refusal(exercise=given)
    assert error.message == f"Exercise '{given}' is not available. Did you mean {meant}?"
    assert error.details == {"exercise": given, "didYouMean": meant}


def test_names_that_clients_use_mean_the_obvious() -> None:
    meant = {
        "squats": "squat", "lunges": "lunge", "pushups": "push_up", "push_ups": "push_up",
        "jumping_jacks": "jumping_jack", "mountain_climbers": "mountain_climber",
        "overhead_press": "shoulder_press", "balance_left_leg": "balance_leg_left",
        "balance_right_leg": "balance_leg_right", "face_pushup": "push_up", "side_squat": "squat",
        "jump": "air_time_jump", "Face Jumping-Jack": "jumping_jack",
    }  # fmt: skip
    assert {name: parse_options({"exercise": name}).exercise for name in meant} == meant


def test_every_alias_leads_into_the_catalogue() -> None:
    assert len(CATALOGUE) == 32
    for alias, target in ALIASES.items():
        assert resolve_exercise(alias) == target and target in CATALOGUE
    assert resolve_exercise(" Face Low-Impact jack ") == "low_impact_jack"
    assert resolve_exercise("Balance left-leg") == "balance_leg_left"


def test_grades() -> None:
    scores = [90, 89.9, 80, 70, 60, 59.9]
    assert [grade_of(score) for score in scores] == ["A", "B", "B", "C", "D", "F"]


def test_every_option_has_a_parser() -> None:
    assert set(PARSERS) == set(JobOptions.__struct_fields__)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("Left", "left"), ("center", "centre"), ("0.25, 0.5", "0.25,0.5"), ("1,0", "1,0")],
)
def test_who_of_several_is_meant(given: str, meant: str) -> None:
    assert parse_options({"subject": given}).subject == meant


@pytest.mark.parametrize("given", ["tallest", "1.2,0", "0.5", "nan,0.1", True, [0.1, 0.2]])
def test_who_is_nobody(given: object) -> None:
    assert refusal(subject=given).details["parameter"] == "subject"
