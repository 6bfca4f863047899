"""Every message type has an example, and every example is valid in every edition."""

from __future__ import annotations

import json

import jsonschema
import pytest

from worker.contract.editions import Edition, to_plain, view
from worker.contract.errors import DecodeError
from worker.contract.examples import EXAMPLES
from worker.contract.grades import grade_of
from worker.contract.messages import TYPES, decode, encode, entry_key, type_of
from worker.contract.schema import message_schema

VALIDATORS = {
    edition: jsonschema.Draft202012Validator(message_schema(edition)) for edition in Edition
}


def test_every_type_has_an_example() -> None:
    assert set(EXAMPLES) == set(TYPES)
    assert all(type_of(example) == name for name, example in EXAMPLES.items())


@pytest.mark.parametrize("name", sorted(TYPES))
@pytest.mark.parametrize("edition", list(Edition))
def test_examples_validate_in_every_edition(name: str, edition: Edition) -> None:
    for seen in view(to_plain(EXAMPLES[name]), edition):
        VALIDATORS[edition].validate(json.loads(json.dumps(seen)))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_encoding_and_decoding_are_inverse(name: str) -> None:
    assert decode(encode(EXAMPLES[name])) == EXAMPLES[name]


@pytest.mark.parametrize("data", [b"", b"{}", b'{"type":"nonsense"}', b'{"type":"counter"}', b"7"])
def test_what_is_not_a_message_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(data)


def test_schema_refuses_a_field_that_is_not_in_the_contract() -> None:
    plain = {**to_plain(EXAMPLES["counter"]), "surprise": 1}
    assert not VALIDATORS[Edition.V3].is_valid(plain)


def test_classic_clients_read_their_own_names() -> None:
    (error,) = view(to_plain(EXAMPLES["error"]), Edition.CLASSIC)
    assert error["error"] == "invalid_exercise" and "code" not in error
    (posture,) = view(to_plain(EXAMPLES["posture"]), Edition.CLASSIC)
    assert posture["requirements"] == {"missingKeypoints": ["left_ankle", "right_ankle"]}
    (keypoints,) = view(to_plain(EXAMPLES["keypoints"]), Edition.CLASSIC)
    assert len(keypoints["data"]) == 17 and "keypoints" not in keypoints
    refusal = {**to_plain(EXAMPLES["error"]), "code": "developer_features_not_allowed"}
    (error,) = view(refusal, Edition.CLASSIC)
    assert error["error"] == "free_plan_feature_blocked"


@pytest.mark.parametrize("edition", [Edition.CLASSIC, Edition.SUPERSET])
def test_a_jump_has_its_result_behind_its_final_height(edition: Edition) -> None:
    height = to_plain(EXAMPLES["jump_height"])
    seen, result = view(height, edition)
    assert seen == height
    names = {
        "jumpNumber", "jumpHeightCm", "airTimeMs", "airTimeSeconds", "baselineY", "minY",
        "deltaPixels", "sideUsed", "visibleHips",
    }  # fmt: skip
    assert result == {"type": "jump_result", **{name: height[name] for name in names}}
    rising = {"type": "jump_height", "jumpHeightCm": 12.0, "measuring": True, "landed": False}
    assert view(rising, edition) == (rising,)
    assert len(view(to_plain(EXAMPLES["jump_summary"]), edition)) == 1
    assert len(view(height, Edition.V3)) == 1


def test_a_missing_gpu_is_an_error_to_classic_clients_alone() -> None:
    cpu = {**to_plain(EXAMPLES["environment"]), "warnings": ["backend_fallback_cpu"]}
    for edition in (Edition.V3, Edition.SUPERSET):
        assert view(cpu, edition) == (cpu,)
    seen, error = view(cpu, Edition.CLASSIC)
    assert (seen, error["error"]) == (cpu, "backend_fallback_cpu")
    VALIDATORS[Edition.CLASSIC].validate(error)


@pytest.mark.parametrize(("score", "letter"), [(59.9, "E"), (40, "E"), (39.9, "F"), (60, "D")])
def test_classic_has_two_more_letters_below_sixty(score: float, letter: str) -> None:
    grade = grade_of(score)
    live = {"type": "form_score", "score": score, "avg_score": 90.0, "grade": grade}
    likeness = {"overallScore": score / 100, "grade": grade}
    counter = {
        "type": "counter", "current_count": 1, "form_score": {**live}, "reference_score": likeness
    }  # fmt: skip
    rep = {"index": 1, "formScore": score, "grade": grade, "referenceScore": likeness}
    summary = {
        "type": "exercise_summary", "counter": 1, "avg_rep_score": score, "grade": grade,
        "history": [rep],
    }  # fmt: skip
    for plain in (live, counter, summary):
        found = json.dumps(view(plain, Edition.CLASSIC))
        expected = json.dumps(plain).replace(f'"grade": "{grade}"', f'"grade": "{letter}"')
        assert json.loads(found) == [json.loads(expected)]
        v3 = json.dumps(view(plain, Edition.V3))
        assert json.loads(v3) == [plain]


def test_superset_counts_on_every_message_that_a_counter_reads() -> None:
    (summary,) = view(to_plain(EXAMPLES["exercise_summary"]), Edition.SUPERSET)
    assert (summary["current_count"], summary["ready"]) == (summary["counter"], True)
    for name in ("form_score", "progression"):
        (seen,) = view(to_plain(EXAMPLES[name]), Edition.SUPERSET)
        assert seen["current_count"] == 1
    score = summary["history"][0]["referenceScore"]
    assert (score["nccScore"], score["dtwScore"], score["distScore"]) == (0.89, 0.84, 0.9)
    counter = {"type": "counter", "current_count": 1, "reference_score": dict(score)}
    (seen,) = view(counter, Edition.SUPERSET)
    assert seen["reference_score"]["distScore"] == 0.9


def test_superset_speaks_to_all_of_them_at_once() -> None:
    (error,) = view(to_plain(EXAMPLES["error"]), Edition.SUPERSET)
    assert error["error"] == error["code"]
    (posture,) = view(to_plain(EXAMPLES["posture"]), Edition.SUPERSET)
    assert posture["placementMessage"] == posture["message"]
    assert posture["postureDirection"] == posture["direction"]
    (angles,) = view(to_plain(EXAMPLES["angles"]), Edition.SUPERSET)
    assert angles["angles"]["left_knee"] == 171.2 and len(angles["angles"]) == 8
    (advice,) = view(to_plain(EXAMPLES["recommendations"]), Edition.SUPERSET)
    assert advice["message"] == advice["data"][0]


def test_a_view_leaves_the_canonical_form_alone() -> None:
    for name, example in EXAMPLES.items():
        plain = to_plain(example)
        before = json.dumps(plain)
        for edition in Edition:
            view(plain, edition)
        assert json.dumps(plain) == before, name


def test_entry_ids_sort_by_place() -> None:
    assert sorted(["10-1", "9-2", "9-10"], key=entry_key) == ["9-2", "9-10", "10-1"]
    with pytest.raises(DecodeError):
        entry_key("first")
