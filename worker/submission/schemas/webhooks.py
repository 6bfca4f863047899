"""URLs and events of webhooks in requests."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from worker.contract.webhooks import DEFAULT_EVENTS, OF_A_JOB
from worker.submission.schemas.strict import Strict

MAX_URL = 2048
_URL = "an http or https address without user name, password and fragment"


def check_url(value: str) -> str:
    """Returns the URL of a receiver; raises ValueError if malformed.

    What its host resolves to is checked at each request.
    """
    parts = urlsplit(value)  # ValueError if malformed
    plain = value.isascii() and value.isprintable() and " " not in value and "\\" not in value
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(_URL)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError(_URL)
    if parts.port == 0:  # ValueError above 65535
        raise ValueError(_URL)
    return value


def check_events(values: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """Returns event names without duplicates; raises PydanticCustomError for an unknown one.

    There is no `*`: subscribers would be sent new types of messages unasked.
    """
    for value in values:
        if value not in allowed:
            raise PydanticCustomError(
                "unknown_event",
                "There is no event '{event}'",
                {"event": value, "allowed": list(allowed)},
            )
    return list(dict.fromkeys(values))


class JobWebhookRef(Strict):
    """A receiver of one job's events; `POST /webhooks/{id}/rotate` returns its signing secret."""

    url: str = Field(max_length=MAX_URL, examples=["https://app.example.com/hooks/pose"])
    events: list[str] = Field(list(DEFAULT_EVENTS), min_length=1, max_length=100)

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return check_url(value)

    @field_validator("events")
    @classmethod
    def _known(cls, values: list[str]) -> list[str]:
        return check_events(values, OF_A_JOB)
