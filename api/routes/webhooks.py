"""Routes of webhooks: endpoints, secrets, deliveries, replays; webhook workers do the sending."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import JSONResponse, Response

from api.schemas.strict import allow_query_params
from api.schemas.webhooks import (
    DeliveriesQuery,
    DeliveriesView,
    DeliveryView,
    NewWebhook,
    NewWebhookView,
    Replay,
    ReplayedView,
    RotatedView,
    WebhookChange,
    WebhooksQuery,
    WebhooksView,
    WebhookView,
)
from api.services.authentication import StoresDep, TenantDep
from api.services.json_body import AuthenticatedRoute
from api.services.pagination import decode_cursor, encode_cursor, page_of
from worker.contract.webhooks import Delivery, Endpoint
from worker.storage.clock import iso
from worker.storage.errors import Conflict
from worker.storage.stores import Stores
from worker.submission.jobs import check_webhook_url
from worker.webhooks.replay import replay_one, replay_since, send_test

router = APIRouter(route_class=AuthenticatedRoute, tags=["webhooks"])


def webhook_view(stores: Stores, endpoint: Endpoint) -> dict[str, Any]:
    """Converts an endpoint to its JSON view, without secrets and empty fields."""
    since = stores.endpoints.failing_since(endpoint.id)
    here = f"/v1/webhooks/{endpoint.id}"
    seen = {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": list(endpoint.events),
        "description": endpoint.description,
        "enabled": endpoint.enabled,
        "adhoc": endpoint.adhoc,
        "createdAt": endpoint.createdAt,
        "failingSince": None if since is None else iso(since),
        "disabledAt": endpoint.disabledAt,
        "disabledReason": endpoint.disabledReason,
        "links": {"self": here, "deliveries": f"{here}/deliveries"},
    }
    return {name: value for name, value in seen.items() if value is not None}


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """Converts a delivery to its JSON view, without empty fields."""
    seen = {
        "id": delivery.id,
        "type": delivery.item.type,
        "subject": delivery.item.subject,
        "status": delivery.status.value,
        "createdAt": delivery.createdAt,
        "nextAttemptAt": delivery.nextAttemptAt,
        "attempts": [msgspec.to_builtins(attempt) for attempt in delivery.attempts],
    }
    return {name: value for name, value in seen.items() if value is not None}


@router.post(
    "/webhooks",
    status_code=201,
    response_model=NewWebhookView,
    dependencies=[Depends(allow_query_params())],
)
def post_webhook(body: NewWebhook, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Subscribes a receiver to events (Standard Webhooks 1.0).

    The answer's `secret` verifies the signatures; it cannot be read again later.
    """
    url = check_webhook_url(stores, body.url)
    endpoint, secret = stores.endpoints.create(tenant.tenant, url, body.events, body.description)
    location = {"Location": f"/v1/webhooks/{endpoint.id}"}
    return JSONResponse({**webhook_view(stores, endpoint), "secret": secret}, 201, location)


@router.get("/webhooks", response_model=WebhooksView)
def list_webhooks(
    query: Annotated[WebhooksQuery, Query()], tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Lists your webhooks, newest first; pass `next` as `cursor` for more until it is null."""
    place = None if query.cursor is None else decode_cursor(query.cursor)
    rows = stores.endpoints.page(tenant.tenant, place, query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    after = encode_cursor((shown[-1][0], shown[-1][1].id)) if more else None
    views = [webhook_view(stores, one) for _, one in shown]
    return JSONResponse({"webhooks": views, "next": after})


@router.get(
    "/webhooks/{webhook_id}",
    response_model=WebhookView,
    dependencies=[Depends(allow_query_params())],
)
def get_webhook(webhook_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Returns a webhook; it has `failingSince` while all deliveries fail, and `disabledReason` once
    it is disabled."""
    return JSONResponse(webhook_view(stores, stores.endpoints.get(webhook_id, tenant.tenant)))


@router.patch(
    "/webhooks/{webhook_id}",
    response_model=WebhookView,
    dependencies=[Depends(allow_query_params())],
)
def patch_webhook(
    webhook_id: str, body: WebhookChange, tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Changes a webhook; enabling it sends pending deliveries, which are kept for seven days."""
    endpoint = stores.endpoints.get(webhook_id, tenant.tenant)
    fields = body.model_dump(include=body.model_fields_set)
    if "url" in fields:
        check_webhook_url(stores, body.url)
    if "events" in fields:
        fields["events"] = tuple(body.events)
    changed = stores.endpoints.change(endpoint, **fields)
    if changed.enabled and not endpoint.enabled:
        stores.delivery_schedule.resume(endpoint.id)
    return JSONResponse(webhook_view(stores, changed))


@router.delete(
    "/webhooks/{webhook_id}", status_code=204, dependencies=[Depends(allow_query_params())]
)
def delete_webhook(webhook_id: str, tenant: TenantDep, stores: StoresDep) -> Response:
    """Deletes a webhook and its pending deliveries."""
    endpoint = stores.endpoints.get(webhook_id, tenant.tenant)
    stores.endpoints.delete(endpoint)
    stores.delivery_schedule.purge(endpoint.id)
    stores.deliveries.purge(endpoint.id)
    stores.deliveries.erase(stores.delivery_schedule.erase(endpoint.id))  # its test events
    return Response(status_code=204)


@router.post(
    "/webhooks/{webhook_id}/test",
    status_code=202,
    response_model=DeliveryView,
    dependencies=[Depends(allow_query_params())],
)
def post_test(webhook_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Sends an event `webhook.test`, whatever events are subscribed; the result is in the
    deliveries."""
    endpoint = _enabled(stores.endpoints.get(webhook_id, tenant.tenant))
    return JSONResponse(delivery_view(send_test(stores, endpoint)), 202)


@router.post(
    "/webhooks/{webhook_id}/rotate",
    response_model=RotatedView,
    dependencies=[Depends(allow_query_params())],
)
def post_rotation(webhook_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Makes a new signing secret; the old one signs too for 24 hours."""
    endpoint = stores.endpoints.get(webhook_id, tenant.tenant)
    secret, until = stores.endpoints.rotate(endpoint.id)
    return JSONResponse({"id": endpoint.id, "secret": secret, "previousUntil": until})


@router.get("/webhooks/{webhook_id}/deliveries", response_model=DeliveriesView)
def list_deliveries(
    webhook_id: str,
    query: Annotated[DeliveriesQuery, Query()],
    tenant: TenantDep,
    stores: StoresDep,
) -> JSONResponse:
    """Lists deliveries of the last seven days, newest first, with their latest 20 attempts."""
    endpoint = stores.endpoints.get(webhook_id, tenant.tenant)
    place = None if query.cursor is None else decode_cursor(query.cursor)
    found, after = page_of(
        partial(stores.deliveries.page, endpoint.id),
        place,
        query.limit,
        lambda delivery: query.status in (None, delivery.status),
    )
    views = [delivery_view(delivery) for delivery in found]
    return JSONResponse({"deliveries": views, "next": encode_cursor(after) if after else None})


@router.post(
    "/webhooks/{webhook_id}/replay",
    status_code=202,
    response_model=ReplayedView,
    dependencies=[Depends(allow_query_params())],
)
def post_replay(
    webhook_id: str, body: Replay, tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Repeats one delivery, or all made since a time, oldest first, under the same `webhook-id`;
    successful ones too."""
    endpoint = _enabled(stores.endpoints.get(webhook_id, tenant.tenant))
    if body.deliveryId is not None:
        replay_one(stores, endpoint, body.deliveryId)
        return JSONResponse({"replayed": 1, "next": None}, 202)
    assert body.since is not None
    count, following = replay_since(stores, endpoint, body.since)
    return JSONResponse({"replayed": count, "next": following}, 202)


def _enabled(endpoint: Endpoint) -> Endpoint:
    if not endpoint.enabled:
        raise Conflict(f"{endpoint.id} is disabled; enable it first")
    return endpoint
