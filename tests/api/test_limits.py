"""Limits of plans as a client reads them: headers, refusals, what is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.middleware import rate_limit
from tests.api.api_play import Actor, Client, new_job, plain_client, put_upload, refused
from worker.contract.jobs import Usage
from worker.contract.plans import LIMITS, Plan, PlanLimits
from worker.settings import Settings
from worker.storage.objects.s3 import ObjectStore
from worker.storage.stores import Stores
from worker.storage.tenants.usage import month_of

URL = {"input": {"url": "http://media.example/a.mp4"}}


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets limits of every plan: `limited(queuedJobs=2)`."""

    def change(**limits: Any) -> None:
        monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(**limits))

    return change


def test_every_answer_tells_the_rate(client: Client, public: Client) -> None:
    limit = LIMITS[Plan.DEVELOPER].requestsPerMinute
    answers = [
        client.get("/me"),
        client.get("/jobs/job_0"),
        client.post("/jobs", json={}),
        client.get("/me", params={"x": 1}),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 422]
    for answer in answers:
        assert answer.headers["RateLimit-Limit"] == str(limit)
        assert answer.headers["RateLimit-Policy"] == f"{limit};w=60"
        assert 0 < int(answer.headers["RateLimit-Remaining"]) < (limit or 0)
        assert answer.headers["RateLimit-Reset"] == "1"
    for answer in (public.get("/healthz"), public.get("/v1/me")):
        assert not [name for name in answer.headers if name.startswith("ratelimit")]


def test_a_browser_may_read_them(client: Client) -> None:
    answer = client.get("/me", headers={"Origin": "https://app.example"})
    exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
    assert {name.lower() for name in rate_limit.FIELDS} <= set(exposed)


def test_too_many_requests(client: Client, connect: Callable[..., Client], limited: Any) -> None:
    limited(requestsPerMinute=3)
    answers = [client.get("/me") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    left = [answer.headers["RateLimit-Remaining"] for answer in answers]
    assert left == ["2", "1", "0", "0", "0"]
    problem = refused(answers[-1], 429, "rate_limited")
    assert problem["details"] == {"limit": "requestsPerMinute", "allowed": 3}
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
    assert 1 <= int(answers[-1].headers["RateLimit-Reset"]) <= 60
    refused(client.post("/jobs", json=URL), 429, "rate_limited")
    assert connect("umbrella").get("/me").status_code == 200


def test_a_refused_socket_says_why(address: str, client: Client, limited: Any) -> None:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect as dial

    limited(requestsPerMinute=1)
    client.get("/me")
    key = client.headers["Authorization"].removeprefix("Bearer ")
    path = address.replace("http", "ws") + "/v1/jobs/job_0/ws"
    with dial(path, subprotocols=["posequeue", key]) as socket:  # type: ignore[list-item]
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert (socket.close_code, socket.close_reason) == (4429, "rate_limited")


def test_a_plan_without_a_rate_tells_none(connect: Callable[..., Client]) -> None:
    assert "RateLimit-Limit" not in connect("large", Plan.COMPANY).get("/me").headers


def test_too_many_queued_jobs(client: Client, stores: Stores, limited: Any) -> None:
    limited(queuedJobs=2)
    made = [client.post("/jobs", json=URL).json()["id"] for _ in range(2)]
    before = set(stores.redis.scan_iter("pq:*job*"))
    answer = client.post("/jobs", json=URL, headers={"Idempotency-Key": "k"})
    problem = refused(answer, 429, "concurrency_limit_exceeded")
    assert problem["details"] == {"limit": "queuedJobs", "allowed": 2, "used": 2}
    assert int(answer.headers["Retry-After"]) > 0
    assert set(stores.redis.scan_iter("pq:*job*")) == before
    refused(client.post("/references", json=URL), 429, "concurrency_limit_exceeded")
    Actor(stores, made[0])
    assert client.post("/jobs", json=URL, headers={"Idempotency-Key": "k"}).status_code == 202


def test_a_full_queue_costs_neither_s3_nor_a_webhook(
    client: Client, monkeypatch: pytest.MonkeyPatch, limited: Any
) -> None:
    upload = put_upload(client)
    limited(queuedJobs=1)
    assert client.post("/jobs", json=URL).status_code == 202

    def asked(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(ObjectStore, "version", asked)
    monkeypatch.setattr("api.services.job_creation.admit_webhooks", asked)
    hook = {"url": "https://hooks.example/a"}
    answer = client.post("/jobs", json={"input": {"uploadId": upload}, "webhook": hook})
    refused(answer, 429, "concurrency_limit_exceeded")


def test_the_month_is_used_up(client: Client, stores: Stores, limited: Any) -> None:
    limited(mediaMinutesPerMonth=0.5)
    actor = Actor(stores, new_job(client)["id"])
    actor.finish(usage=Usage(mediaSeconds=30.0, computeSeconds=1.0))
    answer = client.post("/jobs", json=URL)
    problem = refused(answer, 429, "quota_exceeded")
    details = problem["details"]
    assert (details["limit"], details["allowed"], details["used"]) == (
        "mediaMinutesPerMonth", 0.5, 0.5,
    )  # fmt: skip
    assert details["resetsAt"] in problem["detail"] and details["resetsAt"].endswith(
        "-01T00:00:00.000Z"
    )
    assert 0 < int(answer.headers["Retry-After"]) <= 31 * 86_400
    # what costs no media minutes goes on
    picture = {**URL, "options": {"source": "image"}}
    assert client.post("/jobs", json=picture).status_code == 202
    again = client.post(f"/jobs/{actor.id}/analyze", json={"options": {}})
    assert again.status_code == 202


def test_an_upload_over_the_plans_size(client: Client, limited: Any) -> None:
    limited(uploadBytes=10)
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 11}
    problem = refused(client.post("/uploads", json=body), 413, "media_too_large")
    assert problem["details"] == {"parameter": "bytes", "allowed": "1 to 10"}
    assert client.get("/me").json()["limits"]["uploadBytes"] == 10


def test_limits_are_shown(connect: Callable[..., Client], stores: Stores) -> None:
    for plan in Plan:
        limits = connect(f"t-{plan}", plan).get("/me").json()["limits"]
        assert limits["runningJobs"] == LIMITS[plan].runningJobs
        assert limits["recordDays"] == LIMITS[plan].recordDays
        most = min(LIMITS[plan].mediaSeconds or 1e9, stores.settings.max_duration_s)
        assert limits["mediaSeconds"] == most


def test_usage_by_month(client: Client, connect: Callable[..., Client], stores: Stores) -> None:
    import time

    this = month_of(time.time())
    assert client.get("/usage").json()["months"] == []
    for _ in range(2):
        Actor(stores, new_job(client)["id"]).finish(
            usage=Usage(mediaSeconds=90.0, computeSeconds=1.25)
        )
    usage = client.get("/usage").json()
    row = {"month": this, "jobs": 2, "mediaSeconds": 180.0, "computeSeconds": 2.5}
    assert usage["tenant"] == "acme" and usage["months"] == [row]
    assert usage["quota"]["usedMinutes"] == 3.0
    assert usage["quota"]["mediaMinutes"] == LIMITS[Plan.DEVELOPER].mediaMinutesPerMonth
    assert client.get("/usage", params={"month": this}).json()["months"] == [row]
    old = client.get("/usage", params={"month": "2020-02"}).json()["months"]
    assert old == [{"month": "2020-02", "jobs": 0, "mediaSeconds": 0.0, "computeSeconds": 0.0}]
    assert connect("umbrella").get("/usage").json()["months"] == []
    for wrong in ("2020-13", "2020", "x"):
        problem = refused(client.get("/usage", params={"month": wrong}), 422, "invalid_parameter")
        assert problem["details"]["parameter"] == "month"


def test_places_and_expected_starts(
    client: Client, connect: Callable[..., Client], stores: Stores
) -> None:
    mine = [client.post("/jobs", json=URL).json() for _ in range(4)]
    assert [job["queuePosition"] for job in mine] == [0, 1, 2, 3]
    assert "estimatedStartAt" not in mine[0]  # no worker, and no job has shown how long one takes
    other = connect("umbrella").post("/jobs", json=URL).json()
    assert other["queuePosition"] == 1  # its name comes after, its turn before my second
    stores.fair_queue.record_duration("pose.cpu", "acme", 60.0)
    stores.workers.beat("w", "cpu", ("pose.cpu",), 2)
    shown = client.get("/jobs").json()["jobs"]
    assert [job["queuePosition"] for job in shown] == [4, 3, 2, 0]
    starts = [job["estimatedStartAt"] for job in shown]
    assert starts == sorted(starts, reverse=True) and starts[-1] >= shown[-1]["createdAt"]
    Actor(stores, mine[0]["id"])
    view = client.get(f"/jobs/{mine[0]['id']}").json()
    assert "queuePosition" not in view and "estimatedStartAt" not in view


def test_limits_do_not_stand_in_the_way_of_a_stranger(address: str, limited: Any) -> None:
    """Who has no key has no bucket either: refusals stay what they are."""
    limited(requestsPerMinute=1)
    with plain_client(base_url=address) as nobody:
        for _ in range(3):
            refused(nobody.get("/v1/me"), 401, "missing_token")
