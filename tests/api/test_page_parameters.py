"""The page takes what it understands of its address and names the rest."""

from __future__ import annotations

import pytest

from api.schemas.page_parameters import WITHOUT_EFFECT, read_page_parameters
from worker.contract.errors import JobError
from worker.contract.options import LAYOUT, parse_options

UUID = "7f3c5a0d-9d84-4d15-9c5a-cc1e3a4b1baf"


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("skeleton", UUID, True), ("skeleton", "default", True), ("skeleton", "no", False),
        ("keypoints", "1", True), ("keypoints", "YES", True), ("keypoints", "on", True),
        ("keypoints", "0", False), ("angles", "off", False), ("progression", "no", False),
        ("export", "1", True), ("export", "video,gif", ("video",)),
        ("export", "Report, poster", ("poster",)), ("minGrade", "b", "B"),
        ("userHeightCm", " 181.5 ", 181.5), ("reference_movement", "ref_1", None),
        ("exercise", "push_ups", "push_up"), ("exercise", "overhead_press", "shoulder_press"),
    ],
)  # fmt: skip
def test_what_is_understood(name: str, text: str, meant: object) -> None:
    found = read_page_parameters({name: text})
    options = parse_options(found.values)
    if name == "reference_movement":
        assert options.reference == text
    elif name == "export" and "poster" in text:
        assert options.export == ("report", "poster")
    else:
        assert getattr(options, name) == meant
    assert found.ignored == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("minGrade", "undefined"), ("minGrade", "E"), ("minGrade", "F"),
        ("poseBackend", "webgpu"), ("userHeightCm", "NaN"), ("userHeightCm", "17"),
        ("devicePitchDeg", "null"), ("source", "camera"), ("keypoints", UUID),
        ("exercise", "undefined"), ("reference", "null"), ("export", "gif"),
        ("blazepose", "[object Object]"), ("language", "tlh"), ("utm_source", "mail"),
        ("x" * 300, "y" * 300),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_and_left_out(name: str, text: str) -> None:
    found = read_page_parameters({name: text, "exercise_id": ""})
    assert parse_options(found.values) == parse_options({})
    assert found.ignored == {name[:60]: text[:60]}


def test_names_without_effect_are_nothing_to_mention() -> None:
    found = read_page_parameters(dict.fromkeys([*WITHOUT_EFFECT, *LAYOUT, "android"], "1"))
    assert (found.values, found.ignored) == ({}, {})


def test_refusals_of_the_contract_stay() -> None:
    both = read_page_parameters({"exercise": "squat", "reference_movement": "ref_1"})
    with pytest.raises(JobError, match=r"^You cannot combine reference & exercise\.$"):
        parse_options(both.values)
    jump = read_page_parameters({"exercise": "jump_analysis", "userHeightCm": "NaN"})
    with pytest.raises(JobError, match="User height"):
        parse_options(jump.values)
    unknown = read_page_parameters({"exercise": "moonwalk"})
    with pytest.raises(JobError, match="not available"):
        parse_options(unknown.values)


def test_the_plain_name_wins() -> None:
    found = read_page_parameters({"reference_movement": "a", "reference": "b"})
    assert found.values == {"reference": "b"}
