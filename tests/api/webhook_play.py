"""What tests of webhooks do again and again: make one, queue and deliver its events."""

from __future__ import annotations

import time
from typing import Any

from tests.api.api_play import Client
from worker.contract.webhooks import (
    Attempt,
    DeliveryItem,
    DeliveryStatus,
)
from worker.storage import keys
from worker.storage.stores import Stores

URL = "https://app.example.com/hooks/pose"


def made(client: Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/webhooks", json={"url": URL, **body})
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


def lane(stores: Stores, view: dict[str, Any], subject: str) -> list[str]:
    """Delivery ids in a lane."""
    from msgspec import json

    rows = stores.redis.lrange(keys.ordered_queue(subject, view["id"]), 0, -1)
    return [json.decode(row, type=DeliveryItem).id for row in rows]


def delivered(stores: Stores, view: dict[str, Any], *names: str) -> None:
    """Deliveries that were taken, as a worker leaves them."""
    from msgspec.structs import replace

    endpoint = stores.endpoints.get(view["id"])
    for name in names:
        item = DeliveryItem(
            id=name, type="job.succeeded", subject="job_1", at="2026-01-01T00:00:00.000Z"
        )
        stores.deliveries.begin([(endpoint, item)])
        attempt = Attempt(at=item.at, latencyMs=12, status=200, excerpt="ok")
        done = stores.deliveries.get(name, view["id"])
        stores.deliveries.save(
            replace(done, status=DeliveryStatus.DELIVERED, attempts=(attempt,), nextAttemptAt=None)
        )
        time.sleep(0.002)
