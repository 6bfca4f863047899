"""Refusals of what does not validate: the field, and what it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.contract.errors import JobError, invalid_parameter


def _allowed(error: Mapping[str, Any]) -> Any:
    """What a refused value should have been, from one of pydantic's errors."""
    context = error.get("ctx") or {}
    if "allowed" in context:
        return context["allowed"]
    if error["type"] in ("literal_error", "enum"):
        return [name.strip(" '") for name in context["expected"].replace(" or ", ",").split(",")]
    if error["type"] == "missing":
        return "required"
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")


def refusal_of(error: Mapping[str, Any], place: Sequence[Any], whole: str = "body") -> JobError:
    """One of pydantic's errors as a refusal; `place` is the field's path, `whole` what holds it."""
    path = [str(part) for part in place]
    context = error.get("ctx") or {}
    if "parameter" in context:
        path.append(str(context["parameter"]))
    parameter = ".".join(path) or whole
    message = str(error["msg"]).removeprefix("Value error, ")
    return invalid_parameter(parameter, f"'{parameter}': {message}", _allowed(error))
