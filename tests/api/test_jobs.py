"""Jobs through the API: made, read, listed, canceled, erased."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.schemas.answers import JobView
from tests.api.api_play import S3, Actor, Client, new_job, put_upload, refused
from worker.contract.examples import EXAMPLES
from worker.contract.jobs import Export, JobStatus, Result, Usage
from worker.contract.media import MediaInfo
from worker.settings import Settings
from worker.storage import keys
from worker.storage.jobs.records import ERASED_S
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores


def test_whole_numbers_may_be_written_as_floats(client: Client) -> None:
    """JSON has one kind of numbers."""
    job = {"input": {"url": "https://media.example/a.mp4"}, "deadlineSeconds": 30.0}
    assert client.post("/jobs", json=job).status_code == 202
    upload = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 1024.0}
    assert client.post("/uploads", json=upload).status_code == 201
    assert client.post("/page-tokens", json={"expiresInSeconds": 60.0}).status_code == 201


def test_a_url_is_taken_without_looking(client: Client, stores: Stores) -> None:
    body = {"input": {"url": "https://media.example/a%20b.mp4?x=1"}, "options": {}}
    view = client.post("/jobs", json=body).json()
    assert stores.jobs.get(view["id"]).input.url == body["input"]["url"]


def test_an_object_of_an_allowed_bucket_is_taken(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"input": {"url": "s3://customer-videos/a/b c.mp4"}}
    problem = refused(client.post("/jobs", json=body), 422, "invalid_parameter")
    assert problem["details"]["parameter"] == "input.url" and problem["details"]["allowed"]
    monkeypatch.setattr(Settings, "input_buckets", frozenset({"customer-videos"}))
    view = client.post("/jobs", json=body).json()
    assert stores.jobs.get(view["id"]).input.url == body["input"]["url"]
    for url in ("s3://other/a.mp4", "s3://customer-videos/", "s3://u:p@customer-videos/a"):
        refused(client.post("/jobs", json={"input": {"url": url}}), 422, "invalid_parameter")


def test_an_image_upload_makes_an_image_job(client: Client) -> None:
    upload = put_upload(client, b"JPEG", "image/jpeg")
    answer = client.post("/jobs", json={"input": {"uploadId": upload}})
    assert answer.json()["source"] == "image"
    said = {"input": {"uploadId": upload}, "options": {"source": "video"}}
    assert client.post("/jobs", json=said).json()["source"] == "video"


def test_a_finished_job_shows_everything(client: Client, stores: Stores) -> None:
    job_id = new_job(client)["id"]
    actor = Actor(stores, job_id)
    key = job_prefix("acme", job_id) + "exports/video.mp4"
    stores.objects.put(key, b"MP4 bytes", "video/mp4")
    actor.finish(
        media=MediaInfo(kind="video", duration_ms=1000, width=64, height=48, fps=30, codec="h264"),
        result=Result(count=5, avgScore=91.5, grade="A", personFrames=29, frames=30),
        exports=(Export(kind="video", key=key, mimeType="video/mp4", bytes=9),),
        usage=Usage(mediaSeconds=1.0, computeSeconds=0.5),
    )
    view = client.get(f"/jobs/{job_id}").json()
    JobView.model_validate(view)
    assert view["status"] == "succeeded" and view["progress"] == 1 and "queuePosition" not in view
    assert view["media"]["durationMs"] == 1000 and view["media"]["frames"] is None
    assert view["result"] == {
        "count": 5, "avgScore": 91.5, "grade": "A", "personFrames": 29, "frames": 30,
    }  # fmt: skip
    export = view["exports"][0]
    assert S3.get(export["url"]).content == b"MP4 bytes"
    assert export["expiresAt"] > view["finishedAt"]


def test_wait_answers_when_it_is_finished(client: Client, stores: Stores) -> None:
    upload = put_upload(client)
    first = client.post("/jobs?wait=0", json={"input": {"uploadId": upload}})
    Actor(stores, first.json()["id"]).finish()
    body = {"input": {"uploadId": upload}}
    key = {"Idempotency-Key": "one"}
    waited = client.post("/jobs?wait=1", json=body, headers=key)
    assert waited.status_code == 202 and waited.json()["status"] == "queued"
    Actor(stores, waited.json()["id"]).finish()
    again = client.post("/jobs?wait=60", json=body, headers=key)
    assert again.status_code == 200 and again.json()["status"] == "succeeded"
    assert again.json()["id"] == waited.json()["id"]


def test_lists_are_paged_newest_first(client: Client, stores: Stores) -> None:
    body = {"input": {"url": "http://media.example/a.mp4"}}
    made = [client.post("/jobs", json=body).json()["id"] for _ in range(7)]
    for job_id in made[::3]:
        Actor(stores, job_id).finish()
    # jobs of one instant must not be skipped between pages
    same = dict.fromkeys(made, 1_700_000_000.0)
    stores.redis.zadd(keys.tenant_jobs("acme"), same)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/jobs", params=params).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next"]
    assert cursor is None and seen == sorted(made, reverse=True)
    finished = client.get("/jobs", params={"status": "succeeded"}).json()
    assert {job["id"] for job in finished["jobs"]} == set(made[::3]) and finished["next"] is None
    stores.redis.delete(keys.job(made[0]))
    assert len(client.get("/jobs").json()["jobs"]) == 6
    assert stores.redis.zcard(keys.tenant_jobs("acme")) == 6


def test_a_cursor_outlives_its_job(client: Client) -> None:
    body = {"input": {"url": "http://media.example/a.mp4"}}
    made = [client.post("/jobs", json=body).json()["id"] for _ in range(4)]
    page = client.get("/jobs", params={"limit": 2}).json()
    assert client.delete(f"/jobs/{made[2]}").status_code == 204
    rest = client.get("/jobs", params={"limit": 2, "cursor": page["next"]}).json()
    assert [job["id"] for job in rest["jobs"]] == [made[1], made[0]]


def test_cancel_ends_a_queued_job_and_warns_a_running_one(client: Client, stores: Stores) -> None:
    queued = new_job(client)["id"]
    view = client.post(f"/jobs/{queued}/cancel").json()
    assert view["status"] == "canceled" and view["error"]["code"] == "canceled"
    assert stores.leases.claim(queued).outcome == "final"
    running = new_job(client)["id"]
    actor = Actor(stores, running)
    assert client.post(f"/jobs/{running}/cancel").json()["status"] == "running"
    assert stores.jobs.cancel_asked(running)
    actor.finish()
    answer = client.post(f"/jobs/{running}/cancel")
    assert answer.status_code == 200 and answer.json()["status"] == "succeeded"


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_erasure_leaves_nothing(client: Client, stores: Stores, state: str) -> None:
    job_id = new_job(client)["id"]
    job = stores.jobs.get(job_id)
    if state != "queued":
        actor = Actor(stores, job_id)
        actor.say(("1-1", EXAMPLES["keypoints"]))
        stores.objects.put(job_prefix("acme", job_id) + "exports/video.mp4", b"x", "video/mp4")
        if state == "succeeded":
            actor.finish()
    assert client.delete(f"/jobs/{job_id}").status_code == 204
    # that it was erased is known for some minutes
    assert 0 < stores.redis.ttl(keys.ERASED_IDS) <= ERASED_S
    assert not [key for key in stores.redis.scan_iter("*") if job_id.encode() in key]
    assert not list(stores.objects.list_keys(job_prefix("acme", job_id)))
    assert not list(stores.objects.list_keys(job.input.key or ""))
    assert stores.redis.exists(keys.upload(job.input.uploadId or "")) == 0
    for name in (keys.QUEUED, keys.RUNNING, keys.CLOSED, keys.tenant_jobs("acme")):
        assert stores.redis.zscore(name, job_id) is None
    for call in (client.get, client.delete):
        refused(call(f"/jobs/{job_id}"), 404, "not_found")
    refused(client.get(f"/jobs/{job_id}/messages"), 404, "not_found")
    refused(client.post(f"/jobs/{job_id}/cancel"), 404, "not_found")


def test_another_tenant_learns_nothing(connect: Callable[..., Client], stores: Stores) -> None:
    mine, theirs = connect("acme"), connect("umbrella")
    job_id = new_job(mine)["id"]
    upload_id = stores.jobs.get(job_id).input.uploadId
    calls = [
        ("GET", "/jobs/{}"),
        ("POST", "/jobs/{}/cancel"),
        ("DELETE", "/jobs/{}"),
        ("GET", "/jobs/{}/messages"),
    ]
    for method, path in calls:
        for accept in ("application/json", "text/event-stream"):
            known = theirs.request(method, path.format(job_id), headers={"Accept": accept})
            unknown = theirs.request(method, path.format("job_0"), headers={"Accept": accept})
            refused(known, 404, "not_found")
            assert known.text.replace(job_id, "job_0") == unknown.text
    refused(theirs.post(f"/uploads/{upload_id}/complete", json={"parts": []}), 404, "not_found")
    stolen = theirs.post("/jobs", json={"input": {"uploadId": upload_id}})
    refused(stolen, 404, "not_found")
    assert theirs.get("/jobs").json() == {"jobs": [], "next": None}
    assert [job["id"] for job in mine.get("/jobs").json()["jobs"]] == [job_id]
    assert stores.jobs.get(job_id).status is JobStatus.QUEUED
