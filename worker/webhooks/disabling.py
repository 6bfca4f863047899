"""Disables webhook endpoints that fail for good, and tells the tenant's others."""

from __future__ import annotations

import structlog

from worker.contract.webhooks import DISABLED, DeliveryItem, Endpoint, delivery_id
from worker.storage.clock import iso
from worker.storage.stores import Stores
from worker.webhooks.replay import enqueue_deliveries

log = structlog.get_logger()


def disable_endpoint(stores: Stores, endpoint: Endpoint, now_s: float, reason: str) -> None:
    """Disables an endpoint; its deliveries stay queued, the tenant's other endpoints are sent
    an event."""
    now = iso(now_s)
    current = stores.endpoints.get(endpoint.id)
    if not current.enabled:
        return
    stores.endpoints.change(current, enabled=False, disabledAt=now, disabledReason=reason)
    stores.delivery_schedule.due_endpoints.remove(endpoint.id)
    log.warning("webhook_disabled", webhook=endpoint.id, tenant=endpoint.tenant, reason=reason)
    data = {"id": endpoint.id, "url": endpoint.url, "reason": reason, "disabledAt": now}
    for other in stores.endpoints.subscribed(endpoint.tenant):
        if other.id != endpoint.id and DISABLED in other.events:
            name = delivery_id(other.id, endpoint.id, DISABLED, now)
            notice = DeliveryItem(id=name, type=DISABLED, subject=endpoint.id, at=now, data=data)
            enqueue_deliveries(stores, other, [notice])
