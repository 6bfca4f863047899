"""Messages as pages of JSON, hot and archived, in every edition."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.api.api_play import S3, Actor, Client, new_job
from worker.contract.editions import Edition, view
from worker.contract.examples import EXAMPLES
from worker.contract.messages import ExportReady, KeypointsBatch, Message
from worker.contract.schema import message_schema
from worker.lifecycle.completion import archive_job
from worker.storage import keys
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores

SAID: list[tuple[str, Message]] = [
    (f"{place}-1", message)
    for place, (kind, message) in enumerate(EXAMPLES.items(), 1)
    if kind not in ("done", "error")
]


def finished(client: Client, stores: Stores) -> str:
    """A job that said every type of message."""
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*SAID)
    actor.finish()
    return actor.id


def pages(client: Client, job_id: str, **params: Any) -> list[dict[str, Any]]:
    """All messages, page by page."""
    found: list[dict[str, Any]] = []
    after: str | None = "0-0"
    while after is not None:
        answer = client.get(f"/jobs/{job_id}/messages", params={**params, "after": after})
        assert answer.status_code == 200, answer.text
        found += answer.json()["messages"]
        after = answer.json()["next"]
    return found


def cool_down(stores: Stores, job_id: str) -> None:
    """The job's stream is in the archive only."""
    archive_job(stores, job_id)
    assert stores.redis.delete(keys.messages(job_id)) == 1


def test_pages_are_the_same_hot_and_archived(client: Client, stores: Stores) -> None:
    job_id = finished(client, stores)
    hot = pages(client, job_id, limit=4)
    assert [item["id"] for item in hot][:-1] == [entry_id for entry_id, _ in SAID]
    assert hot[-1]["message"] == {"type": "done", "status": "succeeded", "messages": len(SAID)}
    assert pages(client, job_id, limit=1000) == hot
    cool_down(stores, job_id)
    assert pages(client, job_id, limit=4) == hot
    assert pages(client, job_id, limit=5, types="counter,done") == [
        item for item in hot if item["message"]["type"] in ("counter", "done")
    ]


def test_a_running_job_is_read_as_it_goes_on(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    path = f"/jobs/{actor.id}/messages"
    assert client.get(path).json() == {"messages": [], "next": "0-0"}
    actor.say(*SAID[:3])
    first = client.get(path).json()
    assert len(first["messages"]) == 3 and first["next"] == SAID[2][0]
    assert client.get(path, params={"after": first["next"]}).json()["next"] == first["next"]
    actor.say(*SAID[3:5])
    actor.finish()
    rest = client.get(path, params={"after": first["next"]}).json()
    assert len(rest["messages"]) == 3 and rest["next"] is None


@pytest.mark.parametrize("edition", list(Edition))
def test_editions(client: Client, stores: Stores, edition: Edition) -> None:
    job_id = finished(client, stores)
    plain = [item["message"] for item in pages(client, job_id)]
    shown = pages(client, job_id, edition=edition.value)
    expected = [seen for message in plain for seen in view(message, edition)]
    assert [item["message"] for item in shown] == expected
    schema = client.get("/schema/messages.json", params={"edition": edition.value})
    assert schema.headers["content-type"] == "application/schema+json"
    assert schema.json() == message_schema(edition)
    validator = jsonschema.Draft202012Validator(schema.json())
    for item in shown:
        validator.validate(item["message"])


def test_urls_are_signed_at_the_read(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    prefix = job_prefix("acme", actor.id)
    stores.objects.put(prefix + "exports/video.mp4", b"MP4", "video/mp4")
    stores.objects.put(prefix + "keypoints_batch.json", b"{}", "application/json")
    stale = {key: stores.objects.presign_get(prefix + key, 1) for key in (
        "exports/video.mp4", "keypoints_batch.json",
    )}  # fmt: skip
    ready = ExportReady(
        url=stale["exports/video.mp4"],
        mimeType="video/mp4",
        kind="video",
        bytes=3,
        expiresAt="2020-01-01T00:00:00Z",
    )
    batch = KeypointsBatch(fps=30, url=stale["keypoints_batch.json"], bytes=2)
    actor.say(("1-1", batch), ("1-2", ready))
    for edition in Edition:
        params = {"edition": edition.value}
        answer = client.get(f"/jobs/{actor.id}/messages", params=params).json()
        check, export = (item["message"] for item in answer["messages"])
        assert export["url"] != ready.url and export["expiresAt"] > actor.job.createdAt
        assert "X-Amz-Expires=86400" in export["url"]
        assert S3.get(export["url"]).content == b"MP4"
        assert S3.get(check["url"]).content == b"{}"


def test_foreign_urls_are_left_alone(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    foreign = stores.objects.presign_get(job_prefix("acme", "job_other") + "video.mp4", 60)
    ready = ExportReady(url=foreign, mimeType="a/b", kind="video", bytes=1, expiresAt="then")
    actor.say(("1-1", ready))
    answer = client.get(f"/jobs/{actor.id}/messages").json()
    assert answer["messages"][0]["message"]["url"] == foreign
