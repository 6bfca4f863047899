"""Reads several deliveries of an ordered queue at once: a round trip costs as much as a send."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import msgspec

from worker.contract.webhooks import Delivery, DeliveryItem, Endpoint
from worker.storage.stores import Stores
from worker.webhooks.payload import PayloadRenderer

MOST = 10
KEPT_S = 1.0
"""Seconds after which prefetched deliveries are read again: a slow receiver makes them stale."""


@dataclass(frozen=True)
class PendingDelivery:
    """A queued delivery: its raw and decoded entry, its record, and the renderer of its body."""

    raw: bytes
    item: DeliveryItem
    delivery: Delivery | None
    renderer: PayloadRenderer


class DeliveryPrefetch:
    """The head of one ordered queue during a delivery session, with some entries prefetched.

    A prefetched entry is used only if the queue still begins with it: erasing the job, or a
    session that took over, changes the queue. `head` is None when the queue is empty.
    """

    def __init__(self, stores: Stores, endpoint: Endpoint, subject: str) -> None:
        self._stores = stores
        self._endpoint = endpoint
        self._subject = subject
        self._waiting: deque[PendingDelivery] = deque()
        self._read = 0.0
        self.head = self._first()

    def done(self, record: Delivery | None) -> None:
        """Removes the head from the queue, saves `record` if given, and moves to the next entry."""
        assert self.head is not None
        following = self._stores.ordered_queues.pop(
            self._subject,
            self._endpoint.id,
            self.head.raw,
            None if record is None else lambda pipe: self._stores.deliveries.save(record, pipe),
        )
        fresh = time.monotonic() - self._read < KEPT_S
        if following is None:
            self.head = None
        elif fresh and self._waiting and self._waiting[0].raw == following:
            self.head = self._waiting.popleft()
        else:
            self.head = self._first()

    def _first(self) -> PendingDelivery | None:
        raws = self._stores.ordered_queues.heads(self._subject, self._endpoint.id, MOST)
        self._read = time.monotonic()
        items = [msgspec.json.decode(raw, type=DeliveryItem) for raw in raws]
        # stop at a group: a pause follows it, and its body may be large
        upto = next((at for at, item in enumerate(items, 1) if item.grouped), len(items))
        del items[upto:]
        records = self._stores.deliveries.many([item.id for item in items], self._endpoint.id)
        renderer = PayloadRenderer(self._stores, self._endpoint.tenant, items)
        self._waiting = deque(
            PendingDelivery(raw, item, record, renderer)
            for raw, item, record in zip(raws, items, records, strict=False)
        )
        return self._waiting.popleft() if self._waiting else None
