"""Delivers the ordered queues of an endpoint one after another, each queue in order.

A queue is blocked until its first delivery succeeds or is given up; the other queues are not. An
endpoint that answers fast gets several requests at once. A slow or failing one gets one at a time
and a pause in proportion to the time that it cost, and all of them together use at most half of a
worker's threads: a slow or dead receiver does not delay the others.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec
import structlog

from worker.contract.webhooks import (
    KEEP_S,
    Attempt,
    Delivery,
    DeliveryItem,
    DeliveryStatus,
    Endpoint,
)
from worker.observability.metrics import (
    WEBHOOK_ATTEMPTS,
    WEBHOOK_DELAY,
    WEBHOOK_SECONDS,
    WEBHOOKS_GIVEN_UP,
    record,
)
from worker.observability.tracing import annotate, span, tracing
from worker.storage.clock import iso
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.stores import Stores
from worker.storage.webhooks.endpoints import Health
from worker.webhooks.disabling import disable_endpoint
from worker.webhooks.event_planner import GROUP_S
from worker.webhooks.prefetch import DeliveryPrefetch, PendingDelivery
from worker.webhooks.retry_policy import delay_after, delay_after_refusal, is_refusal
from worker.webhooks.sender import Sender, WebhookResponse
from worker.webhooks.signing import signed_headers

log = structlog.get_logger()

AT_ONCE = 4
"""Concurrent delivery sessions of an endpoint that answers well."""
SESSION_S = 10.0
SESSION_SENDS = 50
"""Limits of a delivery session, in seconds and requests; then the next endpoint is served."""
RENEW_S = 2.0
"""Seconds after which the leases of slot and queue are renewed before the next request."""
SLOW_S = 2.0
"""Latency in seconds above which an endpoint counts as slow."""
GIVE_UP_S = 5 * 86_400.0
"""Seconds of nothing but failures after which an endpoint is disabled (api/README.md)."""
REST = 4.0
QUICK_S = 0.1
MOST_REST_S = 60.0
"""A failure that took longer than QUICK_S seconds is followed by a pause of REST times its
duration, at most MOST_REST_S: a dead receiver costs at most a fifth of one thread."""
_ATTEMPTS_KEPT = 20
_GONE = 410

_Outcome = Literal["done", "waits", "rests"]
"""Of an attempt: the queue continues; only other queues continue; the whole endpoint pauses."""


@dataclass
class _DeliverySession:
    """A bounded time in which one thread delivers to one endpoint; `end` is monotonic time."""

    endpoint: Endpoint
    health: Health
    secrets: list[str]
    end: float
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    renewed: float = field(default_factory=time.monotonic)
    sends: int = 0

    @property
    def over(self) -> bool:
        return self.sends >= SESSION_SENDS or time.monotonic() >= self.end


class DeliveryWorker:
    """Delivers to endpoints, for all threads of a process.

    `threads` is their number; `stopping` returns True once the process shuts down.
    """

    def __init__(
        self,
        stores: Stores,
        sender: Sender,
        threads: int = 32,
        *,
        clock: Callable[[], float] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stores = stores
        self._sender = sender
        self._clock = clock or stores.clock
        self._stopping = stopping
        self._bulkhead = threading.Semaphore(max(1, threads // 2))

    def deliver(self, endpoint_id: str) -> bool:
        """Runs one delivery session of an endpoint; returns whether it has more due deliveries."""
        stores = self._stores
        try:
            endpoint, secrets, health = stores.endpoints.for_session(endpoint_id)
        except NotFound:  # deleted
            stores.delivery_schedule.purge(endpoint_id)
            return False
        if not endpoint.enabled:
            stores.delivery_schedule.due_endpoints.remove(endpoint_id)
            return False
        if health.rest_until > self._clock():
            stores.delivery_schedule.due_endpoints.put(endpoint_id, health.rest_until)
            return False
        session = _DeliverySession(endpoint, health, secrets, time.monotonic() + SESSION_S)
        if health.good:
            return self._with_slot(session, AT_ONCE)
        if not self._bulkhead.acquire(blocking=False):
            stores.delivery_schedule.due_endpoints.put(endpoint_id, self._clock() + 1.0)
            return False
        try:
            return self._with_slot(session, 1)
        finally:
            self._bulkhead.release()

    def _with_slot(self, session: _DeliverySession, most: int) -> bool:
        sessions, endpoint = self._stores.delivery_schedule, session.endpoint.id
        if not sessions.acquire_slot(endpoint, session.name, most):
            return False  # the sessions under way check for more when they end
        rests = False
        try:
            while not (rests or session.over or self._stopping()):
                subject = sessions.claim_due_queue(endpoint)
                if subject is None:
                    break
                rests = not self._deliver_queue(session, subject)
        finally:
            due = sessions.release_slot(endpoint, session.name)
        return not rests and due is not None and due <= self._clock()

    def _deliver_queue(self, session: _DeliverySession, subject: str) -> bool:
        """Delivers one queue up to its first failure; returns whether the session may go on."""
        stores, endpoint = self._stores, session.endpoint.id
        ahead = DeliveryPrefetch(stores, session.endpoint, subject)
        while not session.over and not self._stopping():
            if ahead.head is None:
                stores.delivery_schedule.empty(endpoint, subject)
                return True
            pause = self._pause(ahead.head.item, endpoint)
            if pause > 0:
                stores.delivery_schedule.reschedule(endpoint, subject, self._clock() + pause)
                return True
            outcome, record = self._attempt(session, ahead.head)
            if outcome != "done":
                return outcome == "waits"
            ahead.done(record)
        stores.delivery_schedule.reschedule(endpoint, subject, self._clock())
        return True

    def _pause(self, item: DeliveryItem, endpoint: str) -> float:
        """Returns the seconds until a grouped delivery may be sent."""
        if not item.grouped:
            return 0.0
        return self._stores.ordered_queues.grouped(item.subject, endpoint) + GROUP_S - self._clock()

    def _attempt(
        self, session: _DeliverySession, following: PendingDelivery
    ) -> tuple[_Outcome, Delivery | None]:
        """Attempts the first delivery of a queue; returns the outcome and the record to save.

        The record is None unless the outcome is "done", and where nothing has changed.
        """
        stores, endpoint, item = self._stores, session.endpoint, following.item
        delivery = following.delivery or self._begun(endpoint, item)
        try:
            body = following.renderer.body(item) if delivery else None
        except NotFound:
            body = None
        except StoreUnavailable as error:
            log.warning("webhook_not_rendered", delivery=item.id, error=str(error))
            stores.delivery_schedule.reschedule(endpoint.id, item.subject, self._clock() + 5.0)
            return "waits", None
        if delivery is None or delivery.status is not DeliveryStatus.PENDING:
            return "done", None  # expired, or ended by a process that crashed before removing it
        if body is None:  # the job is erased, or its messages are not kept any longer
            gone = msgspec.structs.replace(delivery, status=DeliveryStatus.DEAD, nextAttemptAt=None)
            return "done", gone
        if item.grouped:
            stores.ordered_queues.note_group(item.subject, endpoint.id, self._clock())
        session.sends += 1
        if time.monotonic() - session.renewed > RENEW_S:
            stores.delivery_schedule.renew(endpoint.id, session.name, item.subject)
            session.renewed = time.monotonic()
        now = self._clock()
        headers = signed_headers(item.id, session.secrets, body, now)
        answer = self._traced_send(session, item, headers, body)
        record(WEBHOOK_SECONDS, answer.latency_s)
        record(WEBHOOK_ATTEMPTS, 1, "delivered" if answer.good else "failed")
        tried = _noted(delivery, answer, iso(now))
        if answer.good:
            return "done", self._delivered(session, tried, answer)
        return self._failed(session, tried, answer), None

    def _traced_send(
        self, session: _DeliverySession, item: DeliveryItem, headers: dict[str, str], body: bytes
    ) -> WebhookResponse:
        """Sends the request, as a span of the job's trace."""
        endpoint, secrets = session.endpoint, session.secrets
        if not tracing():
            return self._sender.send(endpoint.url, headers, body, secrets)
        known: dict[str, Any] = {"job": item.subject, "tenant": endpoint.tenant, "event": item.type}
        trace = self._stores.jobs.trace(item.subject)
        with span("webhook.sent", trace, kind="CLIENT", **known) as own:
            traced = {**headers, "traceparent": own} if own else headers
            answer = self._sender.send(endpoint.url, traced, body, secrets)
            annotate(status=answer.status or 0)
            if not answer.good:
                annotate(error=answer.error or "refused")
            return answer

    def _begun(self, endpoint: Endpoint, item: DeliveryItem) -> Delivery | None:
        """Creates a missing record: the dispatcher crashed before it could. Returns None for a
        delivery older than records are kept."""
        age = self._clock() - datetime.fromisoformat(item.at).timestamp()
        if age > KEEP_S:
            return None
        self._stores.deliveries.begin([(endpoint, item)])
        return self._stores.deliveries.fresh(endpoint, item)

    def _delivered(
        self, session: _DeliverySession, tried: Delivery, answer: WebhookResponse
    ) -> Delivery:
        since = datetime.fromisoformat(tried.item.at).timestamp()
        record(WEBHOOK_DELAY, max(0.0, self._clock() - since))
        health = Health(slow=answer.latency_s > SLOW_S)
        if health != session.health:
            self._stores.endpoints.answered(session.endpoint.id, slow=health.slow)
            session.health = health
        return msgspec.structs.replace(tried, status=DeliveryStatus.DELIVERED, nextAttemptAt=None)

    def _failed(
        self, session: _DeliverySession, tried: Delivery, answer: WebhookResponse
    ) -> _Outcome:
        """Records a failed attempt and schedules the next one, or gives up."""
        stores, endpoint, item = self._stores, session.endpoint, tried.item
        rest_s = min(REST * answer.latency_s, MOST_REST_S) if answer.latency_s > QUICK_S else 0.0
        failing_s = stores.endpoints.failed(endpoint.id, rest_s)
        scale = stores.settings.webhook_retry_scale
        if is_refusal(answer.status):
            age_s = self._clock() - datetime.fromisoformat(item.at).timestamp()
            wait_s = delay_after_refusal(tried.tries, age_s, scale)
        else:
            wait_s = delay_after(tried.tries, answer.retry_after_s, scale)
        if wait_s is None:
            record(WEBHOOKS_GIVEN_UP)
            dead = msgspec.structs.replace(tried, status=DeliveryStatus.DEAD, nextAttemptAt=None)
            stores.deliveries.save(dead)  # the next session of this queue removes it
            stores.delivery_schedule.reschedule(endpoint.id, item.subject, self._clock())
        else:
            at = self._clock() + wait_s
            stores.deliveries.save(msgspec.structs.replace(tried, nextAttemptAt=iso(at)))
            stores.delivery_schedule.reschedule(endpoint.id, item.subject, at)
        if answer.status == _GONE:
            disable_endpoint(stores, endpoint, self._clock(), "the receiver answered 410 Gone")
            return "rests"
        if failing_s >= GIVE_UP_S:
            disable_endpoint(stores, endpoint, self._clock(), "nothing but failures for five days")
            return "rests"
        return "rests" if rest_s else "waits"


def _noted(delivery: Delivery, answer: WebhookResponse, at: str) -> Delivery:
    attempt = Attempt(
        at=at,
        latencyMs=round(answer.latency_s * 1000),
        status=answer.status,
        excerpt=answer.excerpt,
        error=answer.error,
    )
    kept = (*delivery.attempts, attempt)[-_ATTEMPTS_KEPT:]
    return msgspec.structs.replace(delivery, tries=delivery.tries + 1, attempts=kept)
