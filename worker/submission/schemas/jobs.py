"""A requested job: the body of `POST /jobs`, an item of a batch or a line of a manifest."""

from __future__ import annotations

import json
import re
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import ConfigDict, Field, field_validator, model_validator

from worker.contract.options import PARSERS
from worker.submission.schemas.strict import Strict, WholeNumber
from worker.submission.schemas.webhooks import JobWebhookRef

MAX_METADATA_BYTES = 16_384
MAX_DEADLINE_S = 7 * 86_400
_OBJECT = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^?#\x00-\x1f]{1,1024}")


class InputRef(Strict):
    """The media of a job: exactly one of `uploadId` and `url`."""

    uploadId: str | None = Field(None, min_length=1, max_length=100)
    url: str | None = Field(
        None, max_length=4096, description="http, https, or s3://bucket/key of an allowed bucket"
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if _OBJECT.fullmatch(value):
            return value
        parts = urlsplit(value)  # ValueError if malformed or for a port above 65535
        if parts.port == 0:
            raise ValueError("an address with a port above 0")
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise ValueError("an http or https address")
        if not (value.isascii() and value.isprintable() and " " not in value):
            raise ValueError("an address of printable ASCII without spaces")
        if parts.username is not None or parts.password is not None:
            raise ValueError("an address without user name and password")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> InputRef:
        if (self.uploadId is None) == (self.url is None):
            raise ValueError("exactly one of uploadId and url")
        return self


class Retention(Strict):
    """What is kept of a job, apart from the retention of its plan."""

    upload: Literal["plan", "none"] = Field(
        "plan", description="none: the upload is erased as soon as the job is over"
    )


class NewJob(Strict):
    """A new job."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "input": {"uploadId": "upl_0123456789abcdef01234567"},
                    "options": {"exercise": "squat", "keypoints": True, "export": True},
                    "metadata": {"athlete": 17},
                    "priority": "normal",
                }
            ]
        }
    )

    input: InputRef
    options: dict[str, Any] = Field(
        default_factory=dict, description=f"any of {', '.join(PARSERS)}"
    )
    metadata: dict[str, Any] = Field(default_factory=dict, description="yours; given back")
    priority: Literal["low", "normal", "high"] = "normal"
    deadlineSeconds: WholeNumber | None = Field(None, ge=1, le=MAX_DEADLINE_S)
    webhook: JobWebhookRef | None = None
    retention: Retention = Retention(upload="plan")

    @field_validator("metadata")
    @classmethod
    def _small(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
            msgspec.json.encode(value)  # as the record is stored
        except (ValueError, RecursionError, TypeError, OverflowError) as error:
            raise ValueError("JSON without NaN, huge numbers and deep nesting") from error
        if size > MAX_METADATA_BYTES:
            raise ValueError(f"at most {MAX_METADATA_BYTES} bytes of JSON")
        return value
