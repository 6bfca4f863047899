"""Editions: views of the canonical messages for existing clients.

One pure function, `view`, from a message's plain form to plain forms; streams and archives always
hold the canonical form. Sources: the public documentation of V2 (2024), V3 (2026) and the newer
"classic" pages of PoseTracker's Upload Tracking endpoint, as CONTRACT.md sums them up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

import msgspec

from worker.contract.errors import ErrorCode
from worker.contract.grades import classic_grade
from worker.contract.messages import Message, encode

Plain = dict[str, Any]
Rule = Callable[[Plain], Plain]


class Edition(StrEnum):
    """A public edition of the message vocabulary."""

    V3 = "v3"
    CLASSIC = "classic"
    SUPERSET = "superset"


def to_plain(message: Message) -> Plain:
    """A message as the JSON object that V3 clients read."""
    plain: Plain = msgspec.json.decode(encode(message))
    return plain


def missing_joints(requirements: list[str]) -> list[str]:
    """The joint names among a posture's requirements; the others are instructions."""
    return [name for name in requirements if name.split("_")[0] in ("left", "right", "nose")]


def _renamed(old: str, new: str) -> Rule:
    return lambda plain: {(new if key == old else key): value for key, value in plain.items()}


PLAN_REFUSAL = "free_plan_feature_blocked"
"""Code of the classic edition for `developer_features_not_allowed`."""


def _classic_error(plain: Plain) -> Plain:
    refused = plain["code"] == ErrorCode.DEVELOPER_FEATURES_NOT_ALLOWED
    return _renamed("code", "error")({**plain, **({"code": PLAN_REFUSAL} if refused else {})})


def _classic_posture(plain: Plain) -> Plain:
    missing = missing_joints(plain["requirements"])
    return {**plain, "requirements": {"missingKeypoints": missing}}


def _classic_form(score: Plain) -> Plain:
    return {**score, "grade": classic_grade(score["grade"], score["score"])}


def _classic_likeness(score: Plain) -> Plain:
    return {**score, "grade": classic_grade(score["grade"], 100 * score["overallScore"])}


def _classic_rep(rep: Plain) -> Plain:
    seen = {**rep, "grade": classic_grade(rep["grade"], rep["formScore"])}
    return _within(seen, referenceScore=_classic_likeness)


def _classic_summary(plain: Plain) -> Plain:
    grade = plain["grade"] and classic_grade(plain["grade"], plain["avg_rep_score"])
    return {**plain, "grade": grade, "history": [_classic_rep(rep) for rep in plain["history"]]}


def _within(plain: Plain, **rules: Rule) -> Plain:
    """`plain` with each rule applied to the field of that name, where it is there."""
    changed = {name: rule(plain[name]) for name, rule in rules.items() if plain.get(name)}
    return {**plain, **changed}


_CLASSIC: dict[str, Rule] = {
    "error": _classic_error,
    "keypoints": _renamed("keypoints", "data"),
    "posture": _classic_posture,
    "form_score": _classic_form,
    "counter": lambda plain: _within(
        plain, form_score=_classic_form, reference_score=_classic_likeness
    ),
    "exercise_summary": _classic_summary,
}


def flat_angles(data: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """`{left_knee: degrees, ...}` from the nested `data` of an `angles` message."""
    flat: dict[str, float] = {}
    for side, joints in data.items():
        for joint, values in joints.items():
            degrees = next((v for k, v in values.items() if k.startswith("from_")), None)
            if degrees is not None:
                flat[f"{side.split('_')[0]}_{joint.removesuffix('_angle')}"] = degrees
    return flat


LIKENESS = {"nccScore": "movementScore", "dtwScore": "timingScore", "distScore": "poseScore"}
"""Newer names of a reference score's parts and their V3 names: normalised cross-correlation of the
movement, dynamic time warping, distance of the poses."""


def _all_likeness(score: Plain) -> Plain:
    return {**score, **{new: score[name] for new, name in LIKENESS.items()}}


def _superset_posture(plain: Plain) -> Plain:
    return {
        **plain,
        "placementMessage": plain["message"],
        "postureDirection": plain["direction"],
        "missingKeypoints": missing_joints(plain["requirements"]),
    }


def _superset_summary(plain: Plain) -> Plain:
    history = [_within(rep, referenceScore=_all_likeness) for rep in plain["history"]]
    return {**plain, "history": history, "current_count": plain["counter"], "ready": True}


_SUPERSET: dict[str, Rule] = {
    "error": lambda plain: {**plain, "error": plain["code"]},
    "keypoints": lambda plain: {**plain, "data": plain["keypoints"]},
    "posture": _superset_posture,
    "recommendations": lambda plain: {**plain, "message": next(iter(plain["data"]), "")},
    "angles": lambda plain: {**plain, "angles": flat_angles(plain["data"])},
    "counter": lambda plain: _within(plain, reference_score=_all_likeness),
    "exercise_summary": _superset_summary,
}

_RULES: dict[Edition, dict[str, Rule]] = {
    Edition.V3: {},
    Edition.CLASSIC: _CLASSIC,
    Edition.SUPERSET: _SUPERSET,
}

JUMP_RESULT = (
    "jumpNumber", "jumpHeightCm", "airTimeMs", "airTimeSeconds", "baselineY", "minY",
    "deltaPixels", "sideUsed", "visibleHips",
)  # fmt: skip
"""Fields that `jump_result` takes from the final `jump_height`."""

_FALLBACK: Plain = {
    "type": "error",
    "error": ErrorCode.BACKEND_FALLBACK_CPU.value,
    "message": "No GPU worker was available; the CPU took the job",
}


FOLLOWS = {"jump_result": "jump_height", "error": "environment"}
"""Types that an edition adds, each with the type of the message that it follows."""


def stored_types(types: Iterable[str]) -> frozenset[str]:
    """The types of stored messages that `view` may show as one of `types`."""
    shown = set(types)
    return frozenset(shown | {FOLLOWS[kind] for kind in shown & set(FOLLOWS)})


def _followers(plain: Plain, edition: Edition) -> tuple[Plain, ...]:
    """Messages that an edition adds behind `plain`, under the same id."""
    kind = plain["type"]
    if kind == "jump_height" and plain.get("final") and edition is not Edition.V3:
        fields = {name: plain[name] for name in JUMP_RESULT if name in plain}
        return ({"type": "jump_result", **fields},)
    fallback = ErrorCode.BACKEND_FALLBACK_CPU in (plain.get("warnings") or ())
    if kind == "environment" and fallback and edition is Edition.CLASSIC:
        return (_FALLBACK,)
    return ()


def view(plain: Plain, edition: Edition) -> tuple[Plain, ...]:
    """The message as clients of `edition` read it; `plain` is not changed.

    One message, except that a `jump_result` follows the final `jump_height` of a jump (classic,
    superset), and an `error` the `environment` of a job that wanted a GPU and got none (classic).
    """
    rule = _RULES[edition].get(plain["type"])
    return (rule(plain) if rule else plain, *_followers(plain, edition))
