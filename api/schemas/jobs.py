"""Models of requests about uploads, jobs, messages, references and usage."""

from __future__ import annotations

import re
from typing import Any, Self
from unicodedata import category

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from api.client.media_types import media_type
from api.schemas.strict import Strict, WholeNumber
from worker.contract.editions import FOLLOWS, Edition
from worker.contract.jobs import JobStatus
from worker.contract.messages import TYPES, entry_key
from worker.contract.options import PARSERS
from worker.submission.schemas.jobs import InputRef

_TYPES = "video/*, image/*, application/octet-stream, application/x-ndjson"
_ENTRY_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")


class NewUpload(Strict):
    """The file of a new upload."""

    filename: str = Field(min_length=1, max_length=255, examples=["squat.mp4"])
    contentType: str = Field(
        max_length=500,
        description="of the media, with or without parameters; the name's ending says it where "
        "this does not. PUT with the one that `headers` of the answer names",
        examples=["video/mp4"],
    )
    bytes: WholeNumber = Field(ge=1, examples=[1048576])

    @field_validator("filename")
    @classmethod
    def _printable(cls, value: str) -> str:
        # joiners and direction marks (Cf) are part of names in Persian and of emoji
        if any(category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
            raise ValueError("a name of printable characters")
        return value

    @model_validator(mode="after")
    def _media(self) -> Self:
        found = media_type(self.filename, self.contentType)
        if found is None:
            raise PydanticCustomError(
                "media_type",
                "'{given}' is no type of a video or an image",
                {"parameter": "contentType", "given": self.contentType[:100], "allowed": _TYPES},
            )
        self.contentType = found
        return self


class PartDone(Strict):
    """An uploaded part: its number and the ETag of the PUT's response."""

    number: WholeNumber = Field(ge=1, le=10_000)
    etag: str = Field(min_length=1, max_length=200)


class CompleteUpload(Strict):
    """All parts of a large upload."""

    parts: list[PartDone] = Field(max_length=10_000)


class NewAnalysis(Strict):
    """A new analysis of the poses of an earlier job."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"options": {"exercise": "lunge", "minGrade": "B"}}]}
    )

    options: dict[str, Any] = Field(
        default_factory=dict, description=f"any of {', '.join(PARSERS)}"
    )


class NewReference(Strict):
    """A new reference movement, made from a clip of one clean rep."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"input": {"uploadId": "upl_0123456789abcdef01234567"}, "name": "coach's squat"}
            ]
        }
    )

    input: InputRef
    name: str | None = Field(None, min_length=1, max_length=200)

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("a name of printable characters")
        return value


class ReferencesQuery(Strict):
    """Query parameters of a list of references."""

    cursor: str | None = Field(None, max_length=200, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class JobsQuery(Strict):
    """Query parameters of a list of jobs."""

    status: JobStatus | None = None
    batch: str | None = Field(None, min_length=1, max_length=100, description="id of a batch")
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class UsageQuery(Strict):
    """Query parameters of a tenant's usage."""

    month: str | None = Field(None, pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2026-11"])


class MessagesQuery(Strict):
    """Query parameters of a job's messages."""

    after: str = Field("0-0", max_length=50, description="an entry id; messages after it")
    limit: int = Field(100, ge=1, le=1000, description="not used by the event stream")
    types: str | None = Field(
        None, max_length=500, description="types by comma", examples=["counter,done"]
    )
    edition: Edition = Edition.V3
    lastEventId: str | None = Field(
        None, max_length=50, description="of clients that cannot set the header Last-Event-ID"
    )
    last_event_id: str | None = Field(
        None, alias="last-event-id", max_length=50, description="the same"
    )

    @field_validator("after")
    @classmethod
    def _place(cls, value: str) -> str:
        return check_entry_id(value or "0-0")

    @field_validator("lastEventId", "last_event_id")
    @classmethod
    def _resumed(cls, value: str | None) -> str | None:
        return check_entry_id(value) if value else None

    @field_validator("types")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        allowed = {*TYPES, *FOLLOWS}
        if value is not None and not set(value.split(",")) <= allowed:
            raise ValueError(f"types by comma of {', '.join(sorted(allowed))}")
        return value

    @property
    def wanted(self) -> frozenset[str] | None:
        """The selected message types; None for all."""
        return None if self.types is None else frozenset(self.types.split(","))


def check_entry_id(value: str) -> str:
    """Returns `value`; raises ValueError unless it is an entry id with numbers below 2^63."""
    # Redis allows 2^64 - 1, but refuses an exclusive range that begins at the very last id
    if _ENTRY_ID.fullmatch(value) and max(entry_key(value)) < 2**63:
        return value
    raise ValueError("an entry id such as 12-1")
