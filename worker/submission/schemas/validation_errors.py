"""Translates pydantic's validation errors: which field is wrong, and what it accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.contract.errors import JobError, invalid_parameter

_PLAIN = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
}
"""Types of pydantic's errors whose message tells of its parser, and what is accepted."""


def _allowed(error: Mapping[str, Any]) -> Any:
    """Returns what the refused field accepts, from one of pydantic's errors."""
    context = error.get("ctx") or {}
    if "allowed" in context:
        return context["allowed"]
    if error["type"] in ("literal_error", "enum"):
        return [name.strip(" '") for name in context["expected"].replace(" or ", ",").split(",")]
    if error["type"] == "missing":
        return "required"
    if error["type"] in _PLAIN:
        return _PLAIN[error["type"]]
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")


def refusal_of(error: Mapping[str, Any], place: Sequence[Any], whole: str = "body") -> JobError:
    """Converts one of pydantic's errors to a JobError `invalid_parameter`.

    `place` is the path of the field, `whole` the parameter's name where the path is empty.
    """
    path = [str(part) for part in place]
    context = error.get("ctx") or {}
    if "parameter" in context:
        path.append(str(context["parameter"]))
    parameter = ".".join(path) or whole
    plain = _PLAIN.get(error["type"])
    message = f"Input should be {plain}" if plain else str(error["msg"])
    message = message.removeprefix("Value error, ")
    return invalid_parameter(parameter, f"'{parameter}': {message}", _allowed(error))
