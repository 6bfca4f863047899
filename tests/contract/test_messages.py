"""Every message type has an example, and every example is valid in every edition."""

from __future__ import annotations

import json

import jsonschema
import pytest

from worker.contract.editions import Edition, to_plain, view
from worker.contract.errors import DecodeError
from worker.contract.examples import EXAMPLES
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
    result, summary = view(to_plain(EXAMPLES["jump_summary"]), Edition.CLASSIC)
    assert (result["type"], summary["type"]) == ("jump_result", "jump_summary")


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
