"""Batches from a file: read in the background, gone on with, canceled."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.api_play import S3, Actor, Client, new_job, put_upload, refused
from tests.api.batch_play import URL, events, finish_all
from worker.contract.plans import PlanLimits
from worker.queueing.dispatch import dispatch_next
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores
from worker.submission.batches import expand_batch, read_manifest


def put_manifest(client: Client, lines: list[Any]) -> str:
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
    return put_upload(client, text.encode(), "application/x-ndjson")


def test_a_manifest_is_read_in_the_background(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(queuedJobs=150))
    lines = [{**URL, "metadata": {"n": n}} for n in range(260)]
    lines[3:3] = ["{broken", "", json.dumps({**URL, "x": 1}), "[" * 100_000]
    upload = put_manifest(client, lines)
    answer = client.post("/batches", json={"manifest": {"uploadId": upload}})
    batch = answer.json()["id"]
    assert answer.json()["status"] == "expanding" and answer.json()["accepted"] == 0
    expand_batch(stores, batch)
    half = client.get(f"/batches/{batch}").json()
    assert half["status"] == "expanding" and half["accepted"] >= 100
    assert stores.fair_queue.length("acme") <= 150
    expand_batch(stores, batch)  # there is no room: nothing happens
    while client.get(f"/batches/{batch}").json()["status"] == "expanding":
        finish_all(stores, [p[0] for _ in range(100) if (p := stores.fair_queue.pop("pose.cpu"))])
        expand_batch(stores, batch)
    now = client.get(f"/batches/{batch}").json()
    assert (now["accepted"], now["rejected"], now["lines"]) == (260, 3, 264)
    assert [(e["line"], e["code"], e.get("parameter")) for e in now["errors"]] == [
        (4, "invalid_parameter", None),
        (6, "invalid_parameter", "x"),
        (7, "invalid_parameter", None),
    ]
    while pulled := stores.fair_queue.pop("pose.cpu"):
        Actor(stores, pulled[0]).finish()
    done = client.get(f"/batches/{batch}").json()
    assert done["status"] == "completed" and done["counts"]["succeeded"] == 260
    assert len(events(stores, batch)) == 1
    rows = stores.jobs.page("acme", None, 300, batch)
    assert [job.metadata["n"] for _, _, job in rows if job] == list(range(259, -1, -1))


def test_a_manifest_goes_on_where_its_reader_died(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = put_manifest(client, [URL] * 230)
    batch = client.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]

    def die(*_: Any, **__: Any) -> None:
        raise ConnectionError("gone")

    for dying in ("note_read", "add"):
        with monkeypatch.context() as patched:
            patched.setattr(type(stores.batches), dying, die)
            with pytest.raises(ConnectionError):
                expand_batch(stores, batch)
    expand_batch(stores, batch)
    now = client.get(f"/batches/{batch}").json()
    assert (now["accepted"], now["counts"]["queued"], now["lines"]) == (230, 230, 230)
    assert stores.redis.zcard(keys.tenant_jobs("acme")) == 230


def test_a_manifest_in_an_allowed_bucket(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = stores.objects.bucket
    monkeypatch.setattr(Settings, "input_buckets", frozenset({own}))
    stores.objects.put("lists/today.jsonl", json.dumps(URL).encode() * 1, "text/plain")
    missing = client.post("/batches", json={"manifest": {"url": f"s3://{own}/lists/none"}})
    refused(missing, 404, "not_found")
    answer = client.post("/batches", json={"manifest": {"url": f"s3://{own}/lists/today.jsonl"}})
    assert answer.status_code == 202
    expand_batch(stores, answer.json()["id"])
    assert client.get(f"/batches/{answer.json()['id']}").json()["accepted"] == 1


def test_a_manifest_that_vanished_says_so(client: Client, stores: Stores) -> None:
    upload = put_manifest(client, [URL])
    batch = client.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]
    stores.objects.delete(stores.uploads.get(upload, "acme").key)
    expand_batch(stores, batch)
    done = client.get(f"/batches/{batch}").json()
    assert done["status"] == "completed" and done["errors"][0]["code"] == "not_found"
    assert len(events(stores, batch)) == 1


def test_a_manifest_that_is_canceled_is_read_no_further(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(queuedJobs=100))
    upload = put_manifest(client, [URL] * 300)
    batch = client.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]
    expand_batch(stores, batch)
    client.post(f"/batches/{batch}/cancel")
    expand_batch(stores, batch)
    done = client.get(f"/batches/{batch}").json()
    assert done["status"] == "completed" and done["counts"]["canceled"] == done["accepted"] == 100
    assert stores.fair_queue.length("acme") == 0


def test_uploads_that_are_not_there(client: Client) -> None:
    body = {"manifest": {"uploadId": "upl_0"}}
    refused(client.post("/batches", json=body), 404, "not_found")
    place = {"filename": "a.jsonl", "contentType": "application/x-ndjson", "bytes": 3}
    upload = client.post("/uploads", json=place).json()
    refused(client.post("/batches", json={"manifest": {"uploadId": upload["id"]}}), 409, "conflict")
    S3.put(upload["url"], content=b"{}\n", headers=upload["headers"])
    assert client.post("/batches", json={"manifest": {"uploadId": upload["id"]}}).status_code == 202


def test_a_silent_broker_refuses_no_batch(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> None:
        raise ConnectionError("broker")

    monkeypatch.setattr("api.routes.batches.offer_batch", silent)
    upload = put_manifest(client, [URL])
    answer = client.post("/batches", json={"manifest": {"uploadId": upload}})
    assert answer.status_code == 202
    assert stores.redis.zscore(keys.BATCHES, answer.json()["id"]) is not None


def test_tenants_take_turns_in_manifests(
    connect: Callable[..., Client], stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant's long manifest delays another's by one turn, whatever each may run at once."""
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(runningJobs=1))
    monkeypatch.setattr("worker.submission.batches.TURN_S", 0)
    made = {}
    for name, lines in (("acme", 350), ("umbrella", 1)):
        client = connect(name)
        upload = put_manifest(client, [URL] * lines)
        made[name] = client.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]
    served: list[str] = []
    for _ in range(9):
        one = dispatch_next(stores, lambda name: read_manifest(stores, name), "manifest")
        served += [one] if one else []
    long, short = made.values()
    assert short in served[:2] and served.count(short) <= 2 and served.count(long) >= 4
    for batch, lines in ((long, 350), (short, 1)):
        state = stores.batches.get(batch)
        assert (state.accepted, state.expanded) == (lines, True)
    assert stores.redis.zcard(keys.QUEUED) == 0
    assert stores.fair_queue.length("acme") == 350


def test_reading_a_manifest_takes_no_slot_of_a_job(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(runningJobs=1))
    upload = put_manifest(client, [URL])
    batch = client.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]
    job = new_job(client)["id"]
    popped = stores.fair_queue.pop("manifest")
    assert popped is not None and popped[0] == batch
    assert stores.fair_queue.total() == 1
    popped = stores.fair_queue.pop("pose.cpu")
    assert popped is not None and popped[0] == job


def test_a_second_reader_leaves_the_queue_to_the_first(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.submission.batches.TURN_S", 0)
    upload = put_manifest(client, [URL] * 350)
    batch = client.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]
    assert stores.fair_queue.pop("manifest")
    read_manifest(stores, batch)  # queues it again
    assert stores.batches.hold(batch, "another reader")
    read_manifest(stores, batch)
    popped = stores.fair_queue.pop("manifest")
    assert popped is not None and popped[0] == batch
