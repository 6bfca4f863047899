"""The calls of reference movements, and jobs that name one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.api_play import Actor, Client, new_job, put_upload, refused
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import JobStatus
from worker.contract.plans import Plan
from worker.lifecycle.completion import archive_job, complete_job
from worker.storage.errors import StoreUnavailable
from worker.storage.stores import Stores


def make(client: Client, **more: Any) -> dict[str, Any]:
    """A reference that is being made."""
    answer = client.post("/references", json={"input": {"uploadId": put_upload(client)}, **more})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/references/{answer.json()['id']}"
    view: dict[str, Any] = answer.json()
    return view


def finish(stores: Stores, reference_id: str, tenant: str = "acme") -> None:
    """Plays the worker that makes it, and the archive."""
    record = stores.references.get(reference_id, tenant)
    actor = Actor(stores, record.job)
    stores.references.keep(record, b"poses", 1500.0)
    actor.finish()
    archive_job(stores, record.job)


def fail(stores: Stores, reference_id: str) -> None:
    """Plays a worker that finds no rep."""
    actor = Actor(stores, stores.references.get(reference_id, "acme").job)
    error = JobError(ErrorCode.INVALID_PARAMETER, "No clear repetition was found")
    complete_job(stores, actor.job, actor.token, JobStatus.FAILED, error=error)


def test_a_reference_from_upload_to_erasure(client: Client, stores: Stores) -> None:
    made = make(client, name="coach's squat")
    assert set(made) == {"id", "status", "name", "createdAt", "links"}
    assert (made["status"], made["name"]) == ("processing", "coach's squat")
    assert made["id"].startswith("ref_")
    assert client.get(made["links"]["self"].removeprefix("/v1")).json() == made
    finish(stores, made["id"])
    ready = client.get(f"/references/{made['id']}").json()
    assert ready == {**made, "status": "ready", "durationMs": 1500.0}
    assert client.get("/references").json() == {"references": [ready], "next": None}
    assert client.get("/jobs").json()["jobs"] == []
    assert client.delete(f"/references/{made['id']}").status_code == 204
    refused(client.get(f"/references/{made['id']}"), 404, "not_found")
    refused(client.delete(f"/references/{made['id']}"), 404, "not_found")


def test_a_failed_one_says_why(client: Client, stores: Stores) -> None:
    made = make(client)
    assert "name" not in made
    fail(stores, made["id"])
    failed = client.get(f"/references/{made['id']}").json()
    assert failed["status"] == "failed"
    assert failed["error"]["message"] == "No clear repetition was found"
    body = {"input": {"uploadId": put_upload(client)}, "options": {"reference": made["id"]}}
    refused(client.post("/jobs", json=body), 422, "reference_not_found")


def test_pages(client: Client) -> None:
    made = [make(client)["id"] for _ in range(3)]
    page = client.get("/references", params={"limit": 2}).json()
    assert [one["id"] for one in page["references"]] == made[:0:-1]
    rest = client.get("/references", params={"limit": 2, "cursor": page["next"]}).json()
    assert [one["id"] for one in rest["references"]] == made[:1]
    assert rest["next"] is None


def test_tenants_do_not_see_each_other(connect: Callable[..., Client], stores: Stores) -> None:
    owner, other = connect("acme", Plan.FREE), connect("umbrella")
    made = make(owner)
    finish(stores, made["id"])
    refused(other.get(f"/references/{made['id']}"), 404, "not_found")
    refused(other.delete(f"/references/{made['id']}"), 404, "not_found")
    assert other.get("/references").json()["references"] == []
    body = {"input": {"uploadId": put_upload(other)}, "options": {"reference": made["id"]}}
    problem = refused(other.post("/jobs", json=body), 422, "reference_not_found")
    assert problem["details"] == {"reference": made["id"]}


def test_the_job_that_makes_it_is_nobodys_business(client: Client, stores: Stores) -> None:
    job = stores.references.get(make(client)["id"], "acme").job
    refused(client.get(f"/jobs/{job}"), 404, "not_found")
    refused(client.post(f"/jobs/{job}/cancel"), 404, "not_found")
    refused(client.delete(f"/jobs/{job}"), 404, "not_found")
    refused(client.get(f"/jobs/{job}/messages"), 404, "not_found")


def test_jobs_name_a_reference_that_is_ready(client: Client, stores: Stores) -> None:
    made = make(client)
    body = {"input": {"uploadId": put_upload(client)}, "options": {"reference": made["id"]}}
    problem = refused(client.post("/jobs", json=body), 409, "conflict")
    assert "still being made" in problem["detail"]
    finish(stores, made["id"])
    answer = client.post("/jobs", json=body)
    assert answer.status_code == 202
    assert answer.json()["options"]["reference"] == made["id"]


def test_a_new_analysis_names_one_too(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.finish()
    again = f"/jobs/{actor.id}/analyze"
    refused(
        client.post(again, json={"options": {"reference": "ref_0"}}), 422, "reference_not_found"
    )
    made = make(client)
    finish(stores, made["id"])
    answer = client.post(again, json={"options": {"reference": made["id"]}})
    assert answer.status_code == 202, answer.text


def test_an_unknown_reference_uses_up_no_idempotency_key(client: Client) -> None:
    body = {"input": {"uploadId": put_upload(client)}, "options": {"reference": "ref_0"}}
    for _ in range(2):
        answer = client.post("/jobs", json=body, headers={"Idempotency-Key": "k"})
        refused(answer, 422, "reference_not_found")
    assert client.get("/jobs").json()["jobs"] == []


def test_an_image_job_ignores_it_as_it_ignores_exercises(client: Client) -> None:
    options = {"source": "image", "reference": "ref_0"}
    assert new_job(client, options)["options"]["reference"] == "ref_0"


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "input"),
        ({"input": {"uploadId": "u", "url": "http://h/a"}}, "input"),
        ({"input": {"uploadId": "u"}, "name": ""}, "name"),
        ({"input": {"uploadId": "u"}, "name": "a\u0000b"}, "name"),
        ({"input": {"uploadId": "u"}, "exercise": "squat"}, "exercise"),
    ],
)
def test_a_wrong_request(client: Client, body: dict[str, Any], parameter: str) -> None:
    problem = refused(client.post("/references", json=body), 422, "invalid_parameter")
    assert problem["details"]["parameter"] == parameter


def test_an_upload_that_will_not_do(client: Client) -> None:
    refused(client.post("/references", json={"input": {"uploadId": "upl_0"}}), 404, "not_found")
    picture = {"input": {"uploadId": put_upload(client, content_type="image/png")}}
    refused(client.post("/references", json=picture), 422, "invalid_parameter")
    assert client.get("/references").json()["references"] == []


def test_a_job_that_cannot_be_stored_leaves_nothing(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> None:
        raise StoreUnavailable("Redis")

    body = {"input": {"uploadId": put_upload(client)}}
    monkeypatch.setattr("worker.storage.jobs.records.JobStore.submit", silent)
    refused(client.post("/references", json=body), 503, "unavailable")
    assert client.get("/references").json()["references"] == []
    assert not list(stores.redis.scan_iter("pq:reference:*"))
