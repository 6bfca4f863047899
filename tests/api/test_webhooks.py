"""Webhooks through the API: made, changed, tried, replayed; each refusal as a client reads it."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.routes import webhooks
from api.schemas.webhooks import WebhookView
from tests.api.api_play import Client, put_upload, refused
from tests.api.webhook_play import URL, delivered, made
from tests.storage.factories import changed
from worker.contract.webhooks import (
    DEFAULT_EVENTS,
    EVENTS,
)
from worker.storage.stores import Stores
from worker.storage.webhooks.endpoints import MOST_ENDPOINTS, EndpointStore

Connect = Callable[..., Client]


def test_made_with_a_secret_that_is_shown_once(client: Client, stores: Stores) -> None:
    answer = client.post("/webhooks", json={"url": URL, "description": "production"})
    view = answer.json()
    secret = view.pop("secret")
    WebhookView.model_validate(view)
    assert answer.status_code == 201 and answer.headers["location"] == view["links"]["self"]
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert view["events"] == list(DEFAULT_EVENTS) and view["enabled"] and not view["adhoc"]
    assert DEFAULT_EVENTS == ("job.succeeded", "job.failed", "message.export_ready")
    got = client.get(f"/webhooks/{view['id']}")
    assert got.json() == view and secret not in got.text
    listed = client.get("/webhooks")
    assert listed.json() == {"webhooks": [view], "next": None} and secret not in listed.text
    assert stores.endpoints.for_session(view["id"])[1] == [secret]


def test_listed_newest_first_a_page_at_a_time(client: Client) -> None:
    ids = [made(client, description=str(n))["id"] for n in range(5)]
    first = client.get("/webhooks", params={"limit": 2}).json()
    rest = client.get("/webhooks", params={"limit": 9, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["webhooks"] + rest["webhooks"]] == ids[::-1]
    assert rest["next"] is None


def test_changed_field_by_field(client: Client) -> None:
    view = made(client)
    here = f"/webhooks/{view['id']}"
    changed = client.patch(here, json={"events": ["message.counter", "batch.completed"]}).json()
    assert changed["events"] == ["message.counter", "batch.completed"] and changed["url"] == URL
    changed = client.patch(here, json={"url": URL + "/v2", "description": "new"}).json()
    assert (changed["url"], changed["description"]) == (URL + "/v2", "new")
    changed = client.patch(here, json={"enabled": False}).json()
    assert not changed["enabled"] and changed["disabledReason"] == "by request"
    for call in (f"{here}/test", f"{here}/replay"):
        body = {"since": "2026-01-01T00:00:00Z"} if call.endswith("replay") else None
        refused(client.post(call, json=body), 409, "conflict")
    changed = client.patch(here, json={"enabled": True}).json()
    assert changed["enabled"] and "disabledReason" not in changed and "disabledAt" not in changed


def test_deleted_with_all_that_waits(client: Client, stores: Stores) -> None:
    view = made(client)
    client.post(f"/webhooks/{view['id']}/test")
    delivered(stores, view, "msg_1")
    assert client.delete(f"/webhooks/{view['id']}").status_code == 204
    refused(client.get(f"/webhooks/{view['id']}"), 404, "not_found")
    assert [key for key in stores.redis.keys("*") if view["id"].encode() in key] == []
    assert stores.redis.keys("pq:delivery:*") == []


def test_deleted_while_it_is_listed_or_changed(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = made(client)
    endpoint, listed = stores.endpoints.get(view["id"]), stores.endpoints.page("acme", None, 9)
    stores.endpoints.delete(endpoint)
    monkeypatch.setattr(EndpointStore, "page", lambda *_: listed)
    monkeypatch.setattr(EndpointStore, "get", lambda *_: endpoint)
    assert [one["id"] for one in client.get("/webhooks").json()["webhooks"]] == [view["id"]]
    here = f"/webhooks/{view['id']}"
    assert client.patch(here, json={"description": "new"}).json()["description"] == "new"
    assert [key for key in stores.redis.keys("*") if view["id"].encode() in key] == []


@pytest.mark.parametrize(
    ("body", "parameter", "allowed"),
    [
        ({}, "url", "required"),
        ({"url": "ftp://a.example/"}, "url", None),
        ({"url": "https://u:p@a.example/"}, "url", None),
        ({"url": "https://a.example/#part"}, "url", None),
        ({"url": "https://a.example:99999/"}, "url", None),
        ({"url": "https://a.example/ä"}, "url", None),
        ({"url": "https://" + "a" * 2050}, "url", None),
        ({"url": "https:///path"}, "url", None),
        ({"url": 7}, "url", None),
        ({"url": URL, "events": []}, "events", None),
        ({"url": URL, "events": ["job.done"]}, "events", list(EVENTS)),
        ({"url": URL, "events": ["*"]}, "events", list(EVENTS)),
        ({"url": URL, "events": ["message.nothing"]}, "events", list(EVENTS)),
        ({"url": URL, "description": "x" * 201}, "description", None),
        ({"url": URL, "description": "a\nb"}, "description", None),
        ({"url": URL, "secret": "mine"}, "secret", ["description", "events", "url"]),
    ],
)
def test_what_is_refused(
    client: Client, body: dict[str, Any], parameter: str, allowed: Any
) -> None:
    problem = refused(client.post("/webhooks", json=body), 422, "invalid_parameter")
    assert problem["details"]["parameter"] == parameter and problem["details"]["allowed"]
    if allowed is not None:
        assert problem["details"]["allowed"] == allowed
    assert client.get("/webhooks").json()["webhooks"] == []


@pytest.mark.parametrize(
    ("body", "parameter"),
    [({}, "body"), ({"enabled": "yes"}, "enabled"), ({"enabled": None}, "enabled"),
     ({"events": ["nothing"]}, "events"), ({"url": "nowhere"}, "url"), ({"id": "we_1"}, "id")],
)  # fmt: skip
def test_changes_that_are_refused(client: Client, body: dict[str, Any], parameter: str) -> None:
    view = made(client)
    here = f"/webhooks/{view['id']}"
    problem = refused(client.patch(here, json=body), 422, "invalid_parameter")
    assert problem["details"]["parameter"] == parameter
    del view["secret"]
    assert client.get(here).json() == view


@pytest.fixture
def strict(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API as in production: nothing private."""
    real = webhooks.check_webhook_url
    given = stores.settings.model_copy(
        update={"allow_private_urls": False, "webhook_allowed_hosts": "10.9.8.7,127.0.0.1:4000"}
    )

    def as_in_production(here: Stores, url: str, parameter: str = "url") -> str:
        return real(changed(here, settings=given), url, parameter)

    monkeypatch.setattr(webhooks, "check_webhook_url", as_in_production)
    monkeypatch.setattr("worker.submission.jobs.check_webhook_url", as_in_production)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "x.localhost", "10.0.0.1", "192.168.0.1", "169.254.169.254",
     "100.64.0.1", "2130706433", "127.1", "0x7f.1", "[::1]", "[fd00::1]", "[fe80::1]",
     "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "224.0.0.1", "0.0.0.0"],
)  # fmt: skip
@pytest.mark.usefixtures("strict")
def test_private_targets_are_refused_at_once(client: Client, host: str) -> None:
    url = f"http://{host}/hook"
    problem = refused(client.post("/webhooks", json={"url": url}), 422, "invalid_parameter")
    assert problem["details"] == {"parameter": "url", "allowed": "a public address"}
    body = {"input": {"uploadId": put_upload(client)}, "webhook": {"url": url}}
    problem = refused(client.post("/jobs", json=body), 422, "invalid_parameter")
    assert problem["details"]["parameter"] == "webhook.url"
    view = made(client)
    refused(client.patch(f"/webhooks/{view['id']}", json={"url": url}), 422, "invalid_parameter")


@pytest.mark.usefixtures("strict")
def test_public_and_listed_targets_are_taken(client: Client) -> None:
    for url in ("https://93.184.216.34/", "http://10.9.8.7/", "http://127.0.0.1:4000/x", URL):
        made(client, url=url)


def test_another_tenants_is_not_there(connect: Connect, stores: Stores) -> None:
    mine, other = connect("acme"), connect("rival")
    view = made(mine)
    delivered(stores, view, "msg_1")
    here = f"/webhooks/{view['id']}"
    theirs = made(other)
    calls = [
        other.get(here),
        other.patch(here, json={"enabled": False}),
        other.delete(here),
        other.post(f"{here}/test"),
        other.post(f"{here}/rotate"),
        other.get(f"{here}/deliveries"),
        other.post(f"{here}/replay", json={"deliveryId": "msg_1"}),
        other.post(f"/webhooks/{theirs['id']}/replay", json={"deliveryId": "msg_1"}),
    ]
    for answer in calls:
        refused(answer, 404, "not_found")
    assert [one["id"] for one in other.get("/webhooks").json()["webhooks"]] == [theirs["id"]]
    assert mine.get(here).json()["enabled"] and stores.endpoints.for_session(view["id"])[1]


def test_without_a_key(public: Client) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/we_1"), ("POST", "/we_1/rotate")):
        refused(public.request(method, f"/v1/webhooks{path}", json={}), 401, "missing_token")


def test_a_tenant_has_so_many(client: Client) -> None:
    for _ in range(MOST_ENDPOINTS):
        made(client)
    problem = refused(client.post("/webhooks", json={"url": URL}), 409, "conflict")
    assert str(MOST_ENDPOINTS) in problem["detail"]


def test_rotated(client: Client, stores: Stores) -> None:
    view = made(client)
    answer = client.post(f"/webhooks/{view['id']}/rotate").json()
    assert answer["id"] == view["id"] and answer["secret"] != view["secret"]
    assert stores.endpoints.for_session(view["id"])[1] == [answer["secret"], view["secret"]]
    until = datetime.fromisoformat(answer["previousUntil"])
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
    client.post(f"/webhooks/{view['id']}/rotate")
    assert len(stores.endpoints.for_session(view["id"])[1]) == 3
    later = EndpointStore(stores.redis, lambda: time.time() + 86_401)
    assert len(later.for_session(view["id"])[1]) == 1


def test_few_old_secrets_sign(client: Client, stores: Stores) -> None:
    """Each costs every request a signature: a tenant must not make it thousands."""
    view = client.post("/webhooks", json={"url": "https://example.com/hook"}).json()
    for _ in range(9):
        newest = client.post(f"/webhooks/{view['id']}/rotate").json()["secret"]
    valid = stores.endpoints.for_session(view["id"])[1]
    assert len(valid) == 5 and valid[0] == newest
