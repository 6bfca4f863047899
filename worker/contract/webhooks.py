"""Webhooks: events that can be subscribed to, and the records of endpoints and deliveries."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

import msgspec

from worker.contract.messages import TYPES

BATCH_COMPLETED = "batch.completed"
DISABLED = "webhook.disabled"
TEST = "webhook.test"
"""Event of `POST …/test`; it needs no subscription."""

JOB_EVENTS = ("job.queued", "job.started", "job.succeeded", "job.failed", "job.canceled")
MESSAGE_EVENTS = tuple(f"message.{kind}" for kind in TYPES)
OF_A_JOB = (*JOB_EVENTS, *MESSAGE_EVENTS)
"""Events that a job's own `webhook` may subscribe to."""
EVENTS = (*JOB_EVENTS, BATCH_COMPLETED, DISABLED, *MESSAGE_EVENTS)
"""Events that an endpoint may subscribe to."""
DEFAULT_EVENTS = ("job.succeeded", "job.failed", "message.export_ready")

MAX_BODY_BYTES = 20_000
"""Limit of a body; larger data is sent as a presigned URL (Standard Webhooks 1.0 names 20 kB)."""
KEEP_S = 7 * 86_400
"""Seconds for which delivery records, and what waits for a disabled endpoint, are kept."""


def delivery_id(endpoint: str, subject: str, event: str, *places: str) -> str:
    """The `webhook-id`, a hash of what is delivered, so that duplicates have the same id."""
    said = "\n".join((endpoint, subject, event, *places))
    return "msg_" + hashlib.sha256(said.encode()).hexdigest()[:27]


def final_event(status: str) -> str:
    """The event of a job that ended with `status`."""
    return f"job.{status}"


class JobWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A job's own subscription: the endpoint of its URL and the events of this job alone."""

    endpoint: str
    events: tuple[str, ...]
    url: str | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A webhook endpoint, without its secrets; times are ISO 8601 in UTC.

    `adhoc`: created by a job's own `webhook`; it has only the events that such jobs name.
    """

    id: str
    tenant: str
    url: str
    events: tuple[str, ...]
    createdAt: str
    description: str = ""
    adhoc: bool = False
    enabled: bool = True
    disabledAt: str | None = None
    disabledReason: str | None = None


class DeliveryItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One delivery in the ordered queue of an endpoint; its body is built when it is sent.

    `id` is the `webhook-id`; `first` and `last` are entry ids in the stream of job `subject`
    (`grouped`: all messages of the type from one to the other); `data` is set for events that
    belong to no job.
    """

    id: str
    type: str
    subject: str
    at: str
    first: str = ""
    last: str = ""
    grouped: bool = False
    data: dict[str, Any] | None = None


class DeliveryStatus(StrEnum):
    """State of a delivery; `dead`: given up, kept for a replay."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One HTTP request: status and beginning of the answer, or what went wrong."""

    at: str
    latencyMs: int
    status: int | None = None
    excerpt: str | None = None
    error: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a delivery; `tries` counts attempts since it was last queued."""

    id: str
    endpoint: str
    tenant: str
    item: DeliveryItem
    createdAt: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    nextAttemptAt: str | None = None
