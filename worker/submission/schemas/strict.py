"""Base model of requests: unknown fields are refused, by name and with those allowed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


def _number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("a whole number")
    return value


WholeNumber = Annotated[int, BeforeValidator(_number)]
"""A whole number of JSON, also as `30.0`, which is how some languages write all of theirs; neither
`true` nor `"30"`."""


class Strict(BaseModel):
    """A body, a part of one, or the query parameters of a request, without unknown fields."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known_only(cls, values: Any) -> Any:
        if isinstance(values, dict):
            known = sorted(field.alias or name for name, field in cls.model_fields.items())
            for name in values:
                if name not in known:
                    # "known" as a template value: pydantic formats the message with it
                    raise PydanticCustomError(
                        "unknown_field",
                        "Unknown parameter '{parameter}'",
                        {"parameter": str(name), "allowed": known},
                    )
        return values
