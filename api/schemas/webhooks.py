"""Models of requests and responses about webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

from api.schemas.strict import Strict
from worker.contract.webhooks import DEFAULT_EVENTS, EVENTS, DeliveryStatus
from worker.submission.schemas.webhooks import MAX_URL, check_events, check_url


def _known_events(values: list[str]) -> list[str]:
    return check_events(values, EVENTS)


def _printable(value: str) -> str:
    if value and not value.isprintable():
        raise ValueError("printable characters")
    return value


class NewWebhook(Strict):
    """A new webhook: the URL of a receiver and the events it subscribes to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://app.example.com/hooks/pose",
                    "events": ["job.succeeded", "job.failed", "message.counter"],
                    "description": "production",
                }
            ]
        }
    )

    url: str = Field(max_length=MAX_URL)
    events: list[str] = Field(
        list(DEFAULT_EVENTS),
        min_length=1,
        max_length=100,
        description=f"any of {', '.join(EVENTS)}",
    )
    description: str = Field("", max_length=200)

    _web_address = field_validator("url")(check_url)
    _known = field_validator("events")(_known_events)
    _description = field_validator("description")(_printable)


class WebhookChange(Strict):
    """Changes to a webhook; `enabled: true` resumes pending deliveries."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    url: str = Field(default_factory=str, max_length=MAX_URL)
    events: list[str] = Field(default_factory=list, min_length=1, max_length=100)
    description: str = Field(default_factory=str, max_length=200)
    enabled: StrictBool = Field(default_factory=lambda: True)

    _web_address = field_validator("url")(check_url)
    _known = field_validator("events")(_known_events)
    _description = field_validator("description")(_printable)

    @model_validator(mode="after")
    def _something(self) -> WebhookChange:
        if not self.model_fields_set:
            raise ValueError("at least one of url, events, description and enabled")
        return self


class Replay(Strict):
    """Deliveries to repeat: exactly one of `since` and `deliveryId`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-11-24T08:00:00Z"}]})

    since: datetime | None = Field(None, description="every delivery made since then")
    deliveryId: str | None = Field(None, min_length=1, max_length=100)

    @field_validator("since", mode="before")
    @classmethod
    def _iso(cls, value: Any) -> Any:
        if value is not None and not isinstance(value, str):
            raise ValueError("an ISO 8601 time")
        return value

    @field_validator("since")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)

    @model_validator(mode="after")
    def _exactly_one(self) -> Replay:
        if (self.since is None) == (self.deliveryId is None):
            raise ValueError("exactly one of since and deliveryId")
        return self


class WebhooksQuery(Strict):
    """Query parameters of a list of webhooks."""

    cursor: str | None = Field(None, max_length=200, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class DeliveriesQuery(Strict):
    """Query parameters of a list of deliveries."""

    status: DeliveryStatus | None = None
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookView(_Answer):
    """A webhook; `adhoc` if it was made by jobs, each of which subscribes to its own events."""

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    adhoc: bool
    createdAt: str
    failingSince: str | None = None
    disabledAt: str | None = None
    disabledReason: str | None = None
    links: dict[str, str]


class NewWebhookView(WebhookView):
    """A new webhook with its signing secret, which cannot be read again later."""

    secret: str


class WebhooksView(_Answer):
    """A page of webhooks, newest first; `next` is null on the last page."""

    webhooks: list[WebhookView]
    next: str | None


class RotatedView(_Answer):
    """A new signing secret; the old ones sign too until `previousUntil`."""

    id: str
    secret: str
    previousUntil: str


class AttemptView(_Answer):
    """One request of a delivery: status and beginning of the answer, or the error."""

    at: str
    latencyMs: int
    status: int | None = None
    excerpt: str | None = None
    error: str | None = None


class DeliveryView(_Answer):
    """A delivery; `id` is its `webhook-id`, `subject` the id of its job, batch or webhook."""

    id: str
    type: str
    subject: str
    status: DeliveryStatus
    createdAt: str
    nextAttemptAt: str | None = None
    attempts: list[AttemptView]


class DeliveriesView(_Answer):
    """A page of deliveries, newest first; `next` is null on the last page."""

    deliveries: list[DeliveryView]
    next: str | None


class ReplayedView(_Answer):
    """The number of repeated deliveries; pass `next` as `since` for more until it is null."""

    replayed: int
    next: str | None
