"""Deliveries of webhooks over HTTP: listed, tested, replayed; and what jobs tell."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.schemas.webhooks import DeliveryView
from tests.api.api_play import Actor, Client, new_job, refused
from tests.api.webhook_play import URL, delivered, lane, made
from worker.contract.webhooks import (
    DEFAULT_EVENTS,
    KEEP_S,
    OF_A_JOB,
    DeliveryItem,
    DeliveryStatus,
)
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores
from worker.webhooks.replay import enqueue_deliveries


def test_a_test_event(client: Client, stores: Stores) -> None:
    view = made(client, events=["batch.completed"])
    answer = client.post(f"/webhooks/{view['id']}/test")
    delivery = answer.json()
    DeliveryView.model_validate(delivery)
    assert answer.status_code == 202 and delivery["type"] == "webhook.test"
    assert delivery["status"] == "pending" and delivery["attempts"] == []
    assert lane(stores, view, view["id"]) == [delivery["id"]]
    assert stores.delivery_schedule.due_endpoints.take_all(5) == [view["id"]]


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
    stores.delivery_schedule.due_endpoints.remove(endpoint.id)
    assert stores.delivery_schedule.due_endpoints.take_all(5) == []
    client.patch(here, json={"enabled": True})
    assert stores.delivery_schedule.due_endpoints.take_all(5) == [view["id"]]


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
