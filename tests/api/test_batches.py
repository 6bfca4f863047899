"""Batches through the API: taken whole or not at all, counted, canceled, told of once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.schemas.batches import BatchView
from tests.api.api_play import Actor, Client, put_upload, refused
from tests.api.batch_play import URL, events, finish_all
from worker.contract.plans import PlanLimits
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores
from worker.submission.batches import expand_batch


def post(client: Client, jobs: list[Any], **headers: str) -> httpx.Response:
    return client.post("/batches", json={"jobs": jobs}, headers=headers)


def members(client: Client, batch_id: str) -> list[str]:
    return [job["id"] for job in client.get("/jobs", params={"batch": batch_id}).json()["jobs"]]


def test_a_batch_from_its_beginning_to_its_end(client: Client, stores: Stores) -> None:
    upload = put_upload(client)
    jobs = [URL, {"input": {"uploadId": upload}, "options": {"exercise": "squat"}}, URL]
    answer = post(client, jobs)
    view = answer.json()
    BatchView.model_validate(view)
    assert answer.status_code == 202
    assert answer.headers["location"] == view["links"]["self"] == f"/v1/batches/{view['id']}"
    assert (view["status"], view["accepted"], view["rejected"]) == ("running", 3, 0)
    assert view["counts"] == {"queued": 3, "running": 0, "succeeded": 0, "failed": 0, "canceled": 0}
    made = members(client, view["id"])
    assert len(made) == 3
    job = client.get(f"/jobs/{made[1]}").json()
    assert job["batchId"] == view["id"] and job["options"]["exercise"] == "squat"
    assert stores.fair_queue.length("acme") == 3
    finish_all(stores, made[:2])
    client.post(f"/jobs/{made[2]}/cancel")
    done = client.get(f"/batches/{view['id']}").json()
    assert (done["status"], done["progress"]) == ("completed", 1.0)
    assert (done["counts"]["succeeded"], done["counts"]["canceled"]) == (2, 1)
    assert done["completedAt"] >= done["createdAt"]
    (event,) = events(stores, view["id"])
    assert event == done


def test_all_or_none_with_the_list_of_what_is_wrong(client: Client, stores: Stores) -> None:
    before = {key for key in stores.redis.scan_iter("pq:*") if b":rate" not in key}
    wrong = [
        URL,
        {},
        {**URL, "options": {"exercise": "moonwalk"}},
        {"input": {"uploadId": "upl_0"}},
        {**URL, "priority": "urgent"},
        {**URL, "speed": 1},
        {**URL, "options": {"keypoints": "yes"}},
        {**URL, "webhook": {"url": "file:///x"}},
        {**URL, "options": {"reference": "ref_0"}},
        {"input": {"url": "s3://elsewhere/a.mp4"}},
    ]
    problem = refused(post(client, wrong), 422, "invalid_parameter")
    errors = problem["details"]["errors"]
    assert problem["detail"] == "9 of 10 jobs cannot be taken, so none is."
    assert [(e["index"], e["code"], e.get("parameter")) for e in errors] == [
        (1, "invalid_parameter", "input"),
        (2, "invalid_exercise", None),
        (3, "not_found", "input"),
        (4, "invalid_parameter", "priority"),
        (5, "invalid_parameter", "speed"),
        (6, "invalid_parameter", "keypoints"),
        (7, "invalid_parameter", "webhook.url"),
        (8, "reference_not_found", None),
        (9, "invalid_parameter", "input.url"),
    ]
    assert all(e["detail"] for e in errors)
    after = {key for key in stores.redis.scan_iter("pq:*") if b":rate" not in key}
    assert after == before and client.get("/jobs").json()["jobs"] == []


@pytest.mark.parametrize("number", range(12))
def test_an_item_is_refused_as_a_job_is(client: Client, number: int) -> None:
    """One way of checking, whichever way a job comes."""
    items = [
        {"input": {}},
        {"input": {**URL["input"], "key": "x"}},
        {"input": {"url": "file:///etc/passwd"}},
        {"input": {"url": "http://u:p@media.example/"}},
        {**URL, "deadlineSeconds": 0},
        {**URL, "metadata": {"a": "x" * 20_000}},
        {**URL, "metadata": []},
        {**URL, "options": {"minGrade": "E"}},
        {**URL, "options": {"exercise": "squat", "reference": "r"}},
        {**URL, "options": {"exercise": "jump_analysis"}},
        {**URL, "webhook": {"url": "https://a.example", "events": ["x"]}},
        {**URL, "options": {"firehose": "some"}},
    ]
    alone = client.post("/jobs", json=items[number]).json()
    (error,) = post(client, [items[number]]).json()["details"]["errors"]
    assert (error["code"], error["detail"]) == (alone["code"], alone["detail"])
    assert error.get("parameter") == alone["details"].get("parameter")


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "body"),
        ({"jobs": []}, "jobs"),
        ({"jobs": [URL] * 1001}, "jobs"),
        ({"jobs": "all"}, "jobs"),
        ({"jobs": [URL], "manifest": {"uploadId": "u"}}, "body"),
        ({"manifest": {}}, "manifest"),
        ({"manifest": {"url": "http://a.example/x"}}, "manifest.url"),
        ({"manifest": {"url": "s3://elsewhere/x"}}, "manifest.url"),
        ({"jobs": [URL], "name": "x"}, "name"),
    ],
)
def test_bodies_that_are_none(client: Client, body: dict[str, Any], parameter: str) -> None:
    problem = refused(client.post("/batches", json=body), 422, "invalid_parameter")
    assert problem["details"]["parameter"] == parameter


def test_a_thousand_jobs_in_one_large_body(client: Client, stores: Stores) -> None:
    job = {**URL, "metadata": {"note": "x" * 2000}}
    view = post(client, [job] * 1000).json()
    assert (view["accepted"], view["counts"]["queued"]) == (1000, 1000)
    assert stores.fair_queue.length("acme") == 1000
    refused(client.post("/jobs", content=b"x" * 1_048_577), 413, "payload_too_large")
    huge = client.post("/batches", content=b"x" * (8 * 1_048_576 + 1))
    refused(huge, 413, "payload_too_large")


def test_the_same_request_makes_one_batch(client: Client) -> None:
    key = {"Idempotency-Key": "k"}
    first, second = post(client, [URL], **key), post(client, [URL], **key)
    assert first.json() == second.json()
    problem = refused(post(client, [URL, URL], **key), 422, "conflict")
    assert problem["details"]["parameter"] == "Idempotency-Key"
    assert len(client.get("/jobs").json()["jobs"]) == 1


def test_a_queue_without_room_takes_none(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(queuedJobs=3))
    assert post(client, [URL] * 2).status_code == 202
    problem = refused(post(client, [URL] * 2), 429, "concurrency_limit_exceeded")
    assert problem["details"] == {"limit": "queuedJobs", "allowed": 3, "used": 2}
    assert stores.fair_queue.length("acme") == 2
    assert post(client, [URL]).status_code == 202


def test_a_crash_behind_the_acceptance_loses_nothing(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API dies before it made the jobs; whoever looks after the batch makes each once."""

    def die(*_: Any) -> None:
        raise ConnectionError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("api.routes.batches.expand_batch", die)
        view = post(client, [URL] * 250).json()
    assert (view["status"], view["accepted"]) == ("expanding", 0)
    rows = stores.batches.todo(view["id"], 100)
    with monkeypatch.context() as patched:
        patched.setattr(type(stores.batches), "done", die)
        with pytest.raises(ConnectionError):
            expand_batch(stores, view["id"])
    assert stores.batches.todo(view["id"], 100) == rows
    for _ in range(2):
        expand_batch(stores, view["id"])
    now = client.get(f"/batches/{view['id']}").json()
    assert (now["status"], now["accepted"], now["counts"]["queued"]) == ("running", 250, 250)
    assert stores.fair_queue.length("acme") == 250
    assert len(stores.redis.zrange(keys.tenant_jobs("acme"), 0, -1)) == 250


def test_lists_and_strangers(connect: Callable[..., Client]) -> None:
    mine, theirs = connect("acme"), connect("umbrella")
    made = [post(mine, [URL]).json()["id"] for _ in range(3)]
    first = mine.get("/batches", params={"limit": 2}).json()
    rest = mine.get("/batches", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["batches"] + rest["batches"]] == made[::-1]
    assert rest["next"] is None and theirs.get("/batches").json() == {"batches": [], "next": None}
    for method, path in (
        ("GET", "/batches/{}"),
        ("POST", "/batches/{}/cancel"),
        ("GET", "/jobs?batch={}"),
    ):
        known = theirs.request(method, path.format(made[0]))
        unknown = theirs.request(method, path.format("bat_0"))
        refused(known, 404, "not_found")
        assert known.text.replace(made[0], "bat_0") == unknown.text


def test_the_jobs_of_a_batch_are_paged(client: Client) -> None:
    other = post(client, [URL]).json()["id"]
    batch = post(client, [URL] * 5).json()["id"]
    page = client.get("/jobs", params={"batch": batch, "limit": 3}).json()
    more = client.get("/jobs", params={"batch": batch, "cursor": page["next"]}).json()
    seen = [job["id"] for job in page["jobs"] + more["jobs"]]
    assert len(seen) == len(set(seen)) == 5 and more["next"] is None
    assert not set(seen) & set(members(client, other))
    left = client.get("/jobs", params={"batch": batch, "status": "running"}).json()
    assert left["jobs"] == []


def test_cancel_ends_it(client: Client, stores: Stores) -> None:
    batch = post(client, [URL] * 4).json()["id"]
    made = members(client, batch)
    running = Actor(stores, made[0])
    Actor(stores, made[1]).finish()
    answer = client.post(f"/batches/{batch}/cancel")
    assert answer.status_code == 202 and answer.json()["canceled"]
    expand_batch(stores, batch)  # what a maintenance worker does
    now = client.get(f"/batches/{batch}").json()
    assert now["status"] == "running" and now["counts"]["canceled"] == 2
    assert stores.jobs.cancel_asked(made[0]) and events(stores, batch) == []
    running.finish()
    done = client.get(f"/batches/{batch}").json()
    assert done["status"] == "completed" and len(events(stores, batch)) == 1
    again = client.post(f"/batches/{batch}/cancel")
    assert again.json() == done


def test_an_erased_job_is_counted_and_no_longer_named(client: Client, stores: Stores) -> None:
    batch = post(client, [URL] * 3).json()["id"]
    first, second, third = members(client, batch)
    Actor(stores, first).finish()
    for job_id in (first, second):
        assert client.delete(f"/jobs/{job_id}").status_code == 204
    assert members(client, batch) == [third]
    Actor(stores, third).finish()
    done = client.get(f"/batches/{batch}").json()
    assert (done["counts"]["succeeded"], done["counts"]["canceled"]) == (2, 1)
    assert done["status"] == "completed" and len(events(stores, batch)) == 1
