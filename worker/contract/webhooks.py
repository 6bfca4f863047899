"""Webhooks: what can be subscribed to, and the records of endpoints and deliveries."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

import msgspec

from worker.contract.messages import TYPES

BATCH_COMPLETED = "batch.completed"
DISABLED = "webhook.disabled"
TEST = "webhook.test"
"""What `POST …/test` sends; it needs no subscription."""

JOB_EVENTS = ("job.queued", "job.started", "job.succeeded", "job.failed", "job.canceled")
MESSAGE_EVENTS = tuple(f"message.{kind}" for kind in TYPES)
OF_A_JOB = (*JOB_EVENTS, *MESSAGE_EVENTS)
"""What a job's own `webhook` may ask for."""
EVENTS = (*JOB_EVENTS, BATCH_COMPLETED, DISABLED, *MESSAGE_EVENTS)
"""Every event that an endpoint may ask for."""
DEFAULT_EVENTS = ("job.succeeded", "job.failed", "message.export_ready")

MAX_BODY_BYTES = 20_000
"""Bodies are smaller; what is larger is a presigned URL (Standard Webhooks 1.0 names 20 kB)."""
KEEP_S = 7 * 86_400
"""Seconds for which a delivery's record, and what waits for a disabled endpoint, is kept."""


def delivery_id(endpoint: str, subject: str, event: str, *places: str) -> str:
    """The `webhook-id`: it follows from what is delivered, so that duplicates bear the same."""
    said = "\n".join((endpoint, subject, event, *places))
    return "msg_" + hashlib.sha256(said.encode()).hexdigest()[:27]


def final_event(status: str) -> str:
    """The event of a job that ended so."""
    return f"job.{status}"


class JobWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A job's own subscription: the endpoint of its URL and the events of this job alone."""

    endpoint: str
    events: tuple[str, ...]
    url: str | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A receiver, without its secrets; times are ISO 8601 in UTC.

    `adhoc`: made by a job's own `webhook`; it has no events but those that jobs bring along.
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
    """One delivery in its lane. The body is made when it is sent: messages are not copied.

    `id` is the `webhook-id`; `first` and `last` are entry ids in the stream of job `subject`
    (`grouped`: all messages of the type from one to the other); `data` is there for what is no
    job's.
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
    """How far a delivery is; `dead`: given up, kept for a replay."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request: the answer's status and beginning, or what went wrong."""

    at: str
    latencyMs: int
    status: int | None = None
    excerpt: str | None = None
    error: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a delivery; `tries` counts attempts since it was put into its lane."""

    id: str
    endpoint: str
    tenant: str
    item: DeliveryItem
    createdAt: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    nextAttemptAt: str | None = None
