"""Webhooks through the API: made, changed, tried, replayed; each refusal as a client reads it."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.routes import webhooks
from api.schemas.webhooks import DeliveryView, WebhookView
from tests.api.api_play import Actor, Client, new_job, put_upload, refused
from worker.contract.webhooks import (
    DEFAULT_EVENTS,
    EVENTS,
    KEEP_S,
    OF_A_JOB,
    Attempt,
    DeliveryItem,
    DeliveryStatus,
)
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores
from worker.storage.webhooks.endpoints import MOST_ENDPOINTS, EndpointStore
from worker.webhooks.replay import enqueue_deliveries

Connect = Callable[..., Client]
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
    assert stores.endpoints.secrets(view["id"]) == [secret]


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
        return real(Stores(**{**vars(here), "settings": given}), url, parameter)

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
    assert mine.get(here).json()["enabled"] and stores.endpoints.secrets(view["id"])


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
    assert stores.endpoints.secrets(view["id"]) == [answer["secret"], view["secret"]]
    until = datetime.fromisoformat(answer["previousUntil"])
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
    client.post(f"/webhooks/{view['id']}/rotate")
    assert len(stores.endpoints.secrets(view["id"])) == 3
    later = EndpointStore(stores.redis, lambda: time.time() + 86_401)
    assert len(later.secrets(view["id"])) == 1


def test_few_old_secrets_sign(client: Client, stores: Stores) -> None:
    """Each costs every request a signature: a tenant must not make it thousands."""
    view = client.post("/webhooks", json={"url": "https://example.com/hook"}).json()
    for _ in range(9):
        newest = client.post(f"/webhooks/{view['id']}/rotate").json()["secret"]
    valid = stores.endpoints.secrets(view["id"])
    assert len(valid) == 5 and valid[0] == newest


def test_a_test_event(client: Client, stores: Stores) -> None:
    view = made(client, events=["batch.completed"])
    answer = client.post(f"/webhooks/{view['id']}/test")
    delivery = answer.json()
    DeliveryView.model_validate(delivery)
    assert answer.status_code == 202 and delivery["type"] == "webhook.test"
    assert delivery["status"] == "pending" and delivery["attempts"] == []
    assert lane(stores, view, view["id"]) == [delivery["id"]]
    assert stores.delivery_schedule.due() == [view["id"]]


def test_deliveries_newest_first_by_status(client: Client, stores: Stores) -> None:
    view = made(client)
    delivered(stores, view, "msg_1", "msg_2", "msg_3")
    pending = client.post(f"/webhooks/{view['id']}/test").json()["id"]
    here = f"/webhooks/{view['id']}/deliveries"
    page = client.get(here).json()
    assert [one["id"] for one in page["deliveries"]] == [pending, "msg_3", "msg_2", "msg_1"]
    one = page["deliveries"][1]
    assert one["status"] == "delivered" and one["subject"] == "job_1"
    assert one["attempts"] == [
        {"at": "2026-01-01T00:00:00.000Z", "latencyMs": 12, "status": 200, "excerpt": "ok"}
    ]
    found = client.get(here, params={"status": "pending"}).json()["deliveries"]
    assert [one["id"] for one in found] == [pending]
    assert client.get(here, params={"status": "dead"}).json() == {"deliveries": [], "next": None}
    first = client.get(here, params={"limit": 3}).json()
    rest = client.get(here, params={"cursor": first["next"]}).json()
    assert [one["id"] for one in rest["deliveries"]] == ["msg_1"] and rest["next"] is None
    assert 0 < stores.redis.ttl(keys.delivery("msg_1")) <= KEEP_S == 7 * 86_400
    problem = refused(client.get(here, params={"status": "lost"}), 422, "invalid_parameter")
    assert problem["details"]["allowed"] == ["pending", "delivered", "dead"]
    refused(client.get(here, params={"cursor": "??"}), 422, "invalid_parameter")


def test_replay_of_one(client: Client, stores: Stores) -> None:
    view = made(client)
    delivered(stores, view, "msg_1", "msg_2")
    here = f"/webhooks/{view['id']}/replay"
    assert client.post(here, json={"deliveryId": "msg_1"}).json() == {"replayed": 1, "next": None}
    client.post(here, json={"deliveryId": "msg_1"})
    assert lane(stores, view, "job_1") == ["msg_1"]  # once, however often it is asked for
    assert stores.deliveries.get("msg_1", view["id"]).status is DeliveryStatus.PENDING
    assert stores.deliveries.get("msg_2", view["id"]).status is DeliveryStatus.DELIVERED
    refused(client.post(here, json={"deliveryId": "msg_9"}), 404, "not_found")


def test_replay_since_a_time_oldest_first(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = made(client)
    delivered(stores, view, "msg_0")
    since = datetime.now(UTC)
    time.sleep(0.002)
    delivered(stores, view, *(f"msg_{n}" for n in range(1, 6)))
    here = f"/webhooks/{view['id']}/replay"
    answer = client.post(here, json={"since": since.isoformat()})
    assert answer.status_code == 202 and answer.json() == {"replayed": 5, "next": None}
    assert lane(stores, view, "job_1") == [f"msg_{n}" for n in range(1, 6)]
    late = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert client.post(here, json={"since": late}).json()["replayed"] == 0


def test_a_long_replay_goes_on_where_it_ended(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.webhooks import replay

    monkeypatch.setattr(replay, "MOST", 3)
    view = made(client)
    names = [f"msg_{n}" for n in range(5)]
    delivered(stores, view, *names)
    here = f"/webhooks/{view['id']}/replay"
    first = client.post(here, json={"since": "2026-01-01T00:00:00"}).json()
    assert first["replayed"] == 3 and first["next"]
    assert client.post(here, json={"since": first["next"]}).json()["next"] is None
    assert lane(stores, view, "job_1") == names


@pytest.mark.parametrize(
    "body",
    [{}, {"since": "2026-01-01T00:00:00Z", "deliveryId": "msg_1"}, {"since": "yesterday"},
     {"since": 1}, {"deliveryId": ""}, {"all": True}],
)  # fmt: skip
def test_replays_that_are_refused(client: Client, body: dict[str, Any]) -> None:
    view = made(client)
    refused(client.post(f"/webhooks/{view['id']}/replay", json=body), 422, "invalid_parameter")


def test_enabling_makes_what_waits_due(client: Client, stores: Stores) -> None:
    view = made(client)
    here = f"/webhooks/{view['id']}"
    client.patch(here, json={"enabled": False})
    endpoint = stores.endpoints.get(view["id"])
    item = DeliveryItem(
        id="msg_1", type="job.succeeded", subject="job_1", at="2026-01-01T00:00:00.000Z"
    )
    enqueue_deliveries(stores, endpoint, [item])
    stores.delivery_schedule.unschedule(endpoint.id)
    assert stores.delivery_schedule.due() == []
    client.patch(here, json={"enabled": True})
    assert stores.delivery_schedule.due() == [view["id"]]


def test_a_jobs_own_webhook(client: Client, stores: Stores) -> None:
    own = {"url": URL + "?job=7", "events": ["job.succeeded", "message.counter"]}
    job = stores.jobs.get(new_job(client, webhook=own)["id"])
    assert job.webhook is not None and job.webhook.events == tuple(own["events"])
    (view,) = client.get("/webhooks").json()["webhooks"]
    assert (view["id"], view["url"]) == (job.webhook.endpoint, own["url"])
    assert view["adhoc"] and view["events"] == [] and "secret" not in view
    assert client.post(f"/webhooks/{view['id']}/rotate").json()["secret"].startswith("whsec_")
    again = stores.jobs.get(new_job(client, webhook={"url": own["url"]})["id"])
    assert again.webhook is not None and again.webhook.endpoint == view["id"]
    assert again.webhook.events == DEFAULT_EVENTS
    assert len(client.get("/webhooks").json()["webhooks"]) == 1
    refused(
        client.patch(f"/webhooks/{view['id']}", json={"events": ["job.failed"]}), 409, "conflict"
    )
    assert not client.patch(f"/webhooks/{view['id']}", json={"enabled": False}).json()["enabled"]


def test_a_jobs_webhook_of_a_known_url_is_that_one(client: Client, stores: Stores) -> None:
    view = made(client)
    job = stores.jobs.get(new_job(client, webhook={"url": URL, "events": ["job.queued"]})["id"])
    assert job.webhook is not None and job.webhook.endpoint == view["id"]
    assert set(job.webhook.events) <= set(OF_A_JOB)


def test_a_new_job_is_told_to_the_firehose(client: Client, stores: Stores) -> None:
    job_id = new_job(client)["id"]
    partition = keys.firehose(job_id, stores.settings.firehose_partitions)
    ((_, fields),) = stores.redis.xrange(partition)
    assert fields[b"type"] == b"job.queued" and fields[b"id"] == b"0-0"
    assert fields[b"job"] == job_id.encode() and fields[b"tenant"] == b"acme"
    Actor(stores, job_id).finish()
    kinds = [fields[b"type"] for _, fields in stores.redis.xrange(partition)]
    assert kinds == [b"job.queued", b"job.started", b"done", b"job.succeeded"]


def test_lag_and_losses_are_metrics(public: Client, stores: Stores, settings: Settings) -> None:
    from worker.storage.jobs.firehose_trimming import GROUP

    name = keys.partitions(settings.firehose_partitions)[0]
    stores.redis.xgroup_create(name, GROUP, id="0", mkstream=True)
    for _ in range(3):
        stores.redis.xadd(name, {"job": "job_1"})
    stores.redis.hincrby(keys.FIREHOSE_CUT, name, 7)
    text = public.get("/metrics").text
    assert "posequeue_webhook_lag 3.0" in text and "posequeue_firehose_cut_total 7.0" in text
