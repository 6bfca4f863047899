"""An Idempotency-Key makes a request happen once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.api.api_play import S3, Client, put_upload, refused
from worker.storage import keys
from worker.storage.stores import Stores

BODY = {"input": {"url": "http://media.example/a.mp4"}, "options": {"exercise": "squat"}}


def post(client: Client, key: str, body: object = BODY) -> httpx.Response:
    """A new job under a key."""
    return client.post("/jobs", json=body, headers={"Idempotency-Key": key})


def test_the_same_request_makes_one_job(client: Client, stores: Stores) -> None:
    first, second = post(client, "a"), post(client, "a")
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    reordered = dict(reversed(BODY.items()))
    assert post(client, "a", reordered).json()["id"] == first.json()["id"]
    assert post(client, "b").json()["id"] != first.json()["id"]
    ttl = stores.redis.ttl(keys.idempotency("acme", "a"))
    assert 86_000 < ttl <= 86_400


def test_another_body_is_refused(client: Client) -> None:
    post(client, "a")
    problem = refused(post(client, "a", {**BODY, "priority": "low"}), 422, "conflict")
    assert problem["details"]["parameter"] == "Idempotency-Key"
    assert len(client.get("/jobs").json()["jobs"]) == 1


def test_tenants_do_not_share_keys(connect: Callable[..., Client]) -> None:
    mine, theirs = connect("acme"), connect("umbrella")
    assert post(mine, "a").json()["id"] != post(theirs, "a").json()["id"]


def test_requests_at_once_make_one_job(client: Client) -> None:
    upload = put_upload(client)
    body = {"input": {"uploadId": upload}}
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: post(client, "race", body), range(24)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 202:
            refused(answer, 409, "conflict")
    assert len(client.get("/jobs").json()["jobs"]) == 1


def test_one_that_is_being_handled(client: Client, stores: Stores) -> None:
    post(client, "a")
    stores.redis.hdel(keys.idempotency("acme", "a"), "answer")
    refused(post(client, "a"), 409, "conflict")


def test_a_refused_request_does_not_use_up_its_key(client: Client) -> None:
    upload = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 3}
    place = client.post("/uploads", json=upload).json()
    body = {"input": {"uploadId": place["id"]}}
    refused(post(client, "a", body), 409, "conflict")
    assert S3.put(place["url"], content=b"abc", headers=place["headers"]).status_code == 200
    assert post(client, "a", body).status_code == 202


def test_after_erasure(client: Client) -> None:
    job_id = post(client, "a").json()["id"]
    client.delete(f"/jobs/{job_id}")
    assert "erased" in refused(post(client, "a"), 409, "conflict")["detail"]
