"""Base model of requests: unknown fields are refused, by name and with those allowed."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


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
