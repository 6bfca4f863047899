"""JSON Schema of the messages, generated from their types, one per edition."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from worker.contract.editions import JUMP_RESULT, LIKENESS, PLAN_REFUSAL, Edition
from worker.contract.messages import TYPES

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _canonical() -> tuple[list[Schema], dict[str, Schema]]:
    refs, definitions = msgspec.json.schema_components(
        list(TYPES.values()), ref_template="#/$defs/{name}"
    )
    return list(refs), definitions


def _rename(schema: Schema, old: str, new: str) -> None:
    schema["properties"][new] = schema["properties"].pop(old)
    schema["required"] = [new if name == old else name for name in schema["required"]]


def _add(schema: Schema, name: str, value: Schema) -> None:
    schema["properties"][name] = value
    schema["required"] = [*schema["required"], name]


_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}


def _classic(definitions: dict[str, Schema]) -> None:
    _rename(definitions["ErrorMessage"], "code", "error")
    _rename(definitions["Keypoints"], "keypoints", "data")
    definitions["Posture"]["properties"]["requirements"] = {
        "type": "object",
        "properties": {"missingKeypoints": _TEXTS},
        "required": ["missingKeypoints"],
        "additionalProperties": False,
    }
    codes = definitions["ErrorCode"]
    codes["enum"] = [*codes["enum"], PLAN_REFUSAL]
    for definition in definitions.values():
        if "grade" in definition.get("properties", {}):
            definition["properties"]["grade"] = {"enum": ["A", "B", "C", "D", "E", "F", None]}
    _jump_result(definitions)


def _jump_result(definitions: dict[str, Schema]) -> None:
    properties = definitions["JumpHeight"]["properties"]
    definitions["JumpResult"] = {
        "title": "JumpResult",
        "type": "object",
        "properties": {
            "type": {"enum": ["jump_result"]},
            **{name: properties[name] for name in JUMP_RESULT},
        },
        "required": ["type", "jumpHeightCm"],
        "additionalProperties": False,
    }


def _superset(definitions: dict[str, Schema]) -> None:
    error = definitions["ErrorMessage"]
    _add(error, "error", error["properties"]["code"])
    keypoints = definitions["Keypoints"]
    _add(keypoints, "data", keypoints["properties"]["keypoints"])
    posture = definitions["Posture"]
    _add(posture, "placementMessage", _TEXT)
    _add(posture, "postureDirection", posture["properties"]["direction"])
    _add(posture, "missingKeypoints", _TEXTS)
    _add(definitions["Recommendations"], "message", _TEXT)
    flat = {"type": "object", "additionalProperties": {"type": "number"}}
    _add(definitions["Angles"], "angles", flat)
    summary = definitions["ExerciseSummary"]
    _add(summary, "current_count", summary["properties"]["counter"])
    _add(summary, "ready", {"enum": [True]})
    for name in LIKENESS:
        _add(definitions["ReferenceScore"], name, {"type": "number"})
    _jump_result(definitions)


def message_schema(edition: Edition = Edition.V3) -> Schema:
    """The JSON Schema (2020-12) that describes every message of `edition`.

    Unknown fields are refused, so that tests find fields that the contract does not name.
    """
    refs, definitions = _canonical()
    definitions = copy.deepcopy(definitions)
    for definition in definitions.values():
        if definition.get("type") == "object" and "properties" in definition:
            definition["additionalProperties"] = False
    if edition is Edition.CLASSIC:
        _classic(definitions)
    elif edition is Edition.SUPERSET:
        _superset(definitions)
    if "JumpResult" in definitions:
        refs = [*refs, {"$ref": "#/$defs/JumpResult"}]
    schema: Schema = {
        "$schema": DIALECT,
        "title": f"PoseQueue message, {edition.value} edition",
        "oneOf": refs,
        "$defs": definitions,
    }
    # as JSON has it: a default that is a tuple is an array there
    plain: Schema = msgspec.json.decode(msgspec.json.encode(schema))
    return plain
