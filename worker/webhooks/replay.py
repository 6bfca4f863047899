"""Deliveries on request: test events, and repetitions of past deliveries."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from worker.contract.webhooks import (
    TEST,
    Delivery,
    DeliveryItem,
    DeliveryStatus,
    Endpoint,
    delivery_id,
)
from worker.storage.clock import iso
from worker.storage.stores import Stores

MOST = 10_000
"""Maximum number of deliveries that one replay repeats."""
_BATCH = 500


def enqueue_deliveries(stores: Stores, endpoint: Endpoint, items: Sequence[DeliveryItem]) -> None:
    """Records deliveries, appends them to their ordered queues and makes them due."""
    stores.deliveries.begin((endpoint, item) for item in items)
    stores.ordered_queues.append(endpoint.id, items)
    stores.delivery_schedule.mark_due(endpoint.id, {item.subject for item in items})


def send_test(stores: Stores, endpoint: Endpoint) -> Delivery:
    """Enqueues a test event and returns its delivery."""
    now = iso(stores.clock())
    item = DeliveryItem(
        id=delivery_id(endpoint.id, endpoint.id, TEST, secrets.token_hex(8)),
        type=TEST,
        subject=endpoint.id,
        at=now,
        data={"webhookId": endpoint.id, "message": "A test event."},
    )
    enqueue_deliveries(stores, endpoint, [item])
    return stores.deliveries.get(item.id, endpoint.id)


def replay_one(stores: Stores, endpoint: Endpoint, name: str) -> Delivery:
    """Repeats a delivery under the same id and returns it; raises NotFound."""
    delivery = stores.deliveries.get(name, endpoint.id)
    _replay(stores, endpoint, [delivery])
    return stores.deliveries.get(name, endpoint.id)


def replay_since(stores: Stores, endpoint: Endpoint, since: datetime) -> tuple[int, str | None]:
    """Repeats every delivery made from `since` on, oldest first.

    Returns their number and, where there were more than MOST, the `since` of the next call.
    """
    found = stores.deliveries.since(endpoint.id, since.timestamp())
    count = 0
    for batch in _batches(itertools.islice(found, MOST)):
        _replay(stores, endpoint, batch)
        count += len(batch)
    following = next(found, None)
    return count, None if following is None else following.createdAt


def _replay(stores: Stores, endpoint: Endpoint, deliveries: Sequence[Delivery]) -> None:
    """Repeats deliveries; those still pending are only made due, so that their queue keeps its
    order."""
    again = [one for one in deliveries if one.status is not DeliveryStatus.PENDING]
    now = iso(stores.clock())
    for one in again:
        pending = msgspec.structs.replace(
            one, status=DeliveryStatus.PENDING, tries=0, nextAttemptAt=now
        )
        stores.deliveries.save(pending)
    stores.ordered_queues.append(endpoint.id, [one.item for one in again])
    stores.delivery_schedule.mark_due(
        endpoint.id, {one.item.subject for one in deliveries}, at_once=True
    )


def _batches(deliveries: Iterable[Delivery]) -> Iterable[list[Delivery]]:
    found = iter(deliveries)
    while batch := list(itertools.islice(found, _BATCH)):
        yield batch
