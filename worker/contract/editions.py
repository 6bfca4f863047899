"""Editions: views of the canonical messages for the clients that exist.

One pure function, a message's plain form in, a plain form out; streams and archives always hold
the canonical form. Sources: the public documentation of V2 (2024), V3 (2026) and the newer
"classic" pages of PoseTracker's Upload Tracking endpoint, as CONTRACT.md sums them up.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from worker.contract.messages import Message
from worker.contract.spooled_list import listed

Plain = dict[str, Any]


class Edition(StrEnum):
    """A view of the vocabulary."""

    V3 = "v3"
    CLASSIC = "classic"
    SUPERSET = "superset"


def to_plain(message: Message) -> Plain:
    """A message as the JSON object that V3 clients read."""
    plain: Plain = msgspec.to_builtins(message, enc_hook=listed)
    return plain


def missing_joints(requirements: list[str]) -> list[str]:
    """The joints among a posture's requirements (the others are instructions)."""
    return [name for name in requirements if name.split("_")[0] in ("left", "right", "nose")]


def _classic_error(plain: Plain) -> Plain:
    return {("error" if key == "code" else key): value for key, value in plain.items()}


def _classic_keypoints(plain: Plain) -> Plain:
    return {("data" if key == "keypoints" else key): value for key, value in plain.items()}


def _classic_posture(plain: Plain) -> Plain:
    missing = missing_joints(plain["requirements"])
    return {**plain, "requirements": {"missingKeypoints": missing}}


_CLASSIC: dict[str, Callable[[Plain], Plain]] = {
    "error": _classic_error,
    "keypoints": _classic_keypoints,
    "posture": _classic_posture,
}


def flat_angles(data: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """`{left_knee: degrees, ...}` from the nested form."""
    flat: dict[str, float] = {}
    for side, joints in data.items():
        for joint, values in joints.items():
            degrees = next((v for k, v in values.items() if k.startswith("from_")), None)
            if degrees is not None:
                flat[f"{side.split('_')[0]}_{joint.removesuffix('_angle')}"] = degrees
    return flat


def _superset_posture(plain: Plain) -> Plain:
    return {
        **plain,
        "placementMessage": plain["message"],
        "postureDirection": plain["direction"],
        "missingKeypoints": missing_joints(plain["requirements"]),
    }


def _superset_recommendations(plain: Plain) -> Plain:
    return {**plain, "message": plain["data"][0] if plain["data"] else ""}


_SUPERSET: dict[str, Callable[[Plain], Plain]] = {
    "error": lambda plain: {**plain, "error": plain["code"]},
    "keypoints": lambda plain: {**plain, "data": plain["keypoints"]},
    "posture": _superset_posture,
    "recommendations": _superset_recommendations,
    "angles": lambda plain: {**plain, "angles": flat_angles(plain["data"])},
}

_RULES: dict[Edition, dict[str, Callable[[Plain], Plain]]] = {
    Edition.V3: {},
    Edition.CLASSIC: _CLASSIC,
    Edition.SUPERSET: _SUPERSET,
}


def view(plain: Plain, edition: Edition) -> tuple[Plain, ...]:
    """The message as clients of `edition` read it; `plain` is not changed.

    One message, but for `jump_summary` in classic: there a `jump_result` of the same fields
    comes before it.
    """
    rule = _RULES[edition].get(plain["type"])
    seen = rule(plain) if rule else plain
    if edition is Edition.CLASSIC and plain["type"] == "jump_summary":
        return {**seen, "type": "jump_result"}, seen
    return (seen,)
