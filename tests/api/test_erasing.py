"""What a late writer leaves of an erased job is found later."""

from __future__ import annotations

import msgspec
import pytest

from tests.api.api_play import Actor, Client, new_job, put_upload, refused
from worker.contract.examples import EXAMPLES
from worker.contract.jobs import Usage
from worker.lifecycle.completion import archive_job
from worker.lifecycle.deletion import ErasureRecord, sweep_erased, sweep_uploads
from worker.storage import keys
from worker.storage.jobs.records import ERASED_S
from worker.storage.objects.object_keys import job_prefix, key_in_url
from worker.storage.stores import Stores


def later(stores: Stores) -> None:
    """Lets ERASED_S pass since all erasures."""
    for note in stores.redis.zrange(keys.ERASED, 0, -1):
        record = msgspec.json.decode(note, type=ErasureRecord)
        older = msgspec.structs.replace(record, at=(record.at or 0.0) - ERASED_S)
        stores.erased.remove(note)
        stores.erased.put(msgspec.json.encode(older).decode(), 0)


def test_a_late_writer_is_swept_up(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    prefix = job_prefix("acme", actor.id)
    assert client.delete(f"/jobs/{actor.id}").status_code == 204
    assert sweep_erased(stores) == 1
    stores.objects.put(prefix + "exports/video.mp4", b"late", "video/mp4")
    stores.jobs.ask_cancel(actor.id)
    refused(client.get(f"/jobs/{actor.id}"), 404, "not_found")
    assert sweep_erased(stores) == 0 and list(stores.objects.list_keys(prefix))
    later(stores)
    assert sweep_erased(stores) == 1
    assert not list(stores.objects.list_keys(prefix))
    assert not stores.redis.exists(*keys.of_job(actor.id), keys.ERASED)


def test_a_new_job_with_the_id_of_an_erased_one_stays(client: Client, stores: Stores) -> None:
    body = {"input": {"url": "http://media.example/a.mp4"}, "options": {"exercise": "squat"}}
    key = {"Idempotency-Key": "a"}
    job_id = client.post("/jobs", json=body, headers=key).json()["id"]
    assert client.delete(f"/jobs/{job_id}").status_code == 204
    stores.redis.delete(keys.idempotency("acme", "a"))  # it expires
    refused(client.post("/jobs", json=body, headers=key), 409, "conflict")  # not quite gone yet
    stores.redis.delete(keys.ERASED_IDS)  # minutes pass
    assert client.post("/jobs", json=body, headers=key).json()["id"] == job_id
    name = job_prefix("acme", job_id) + "exports/video.mp4"
    stores.objects.put(name, b"new", "video/mp4")
    later(stores)
    assert sweep_erased(stores) == 0 and not stores.redis.exists(keys.ERASED)
    assert client.get(f"/jobs/{job_id}").json()["status"] == "queued"
    assert list(stores.objects.list_keys(name))


def test_keys_of_presigned_urls() -> None:
    prefix = job_prefix("acme", "job_1")
    for base in ("http://127.0.0.1:1/bucket", "https://bucket.s3.example"):
        url = f"{base}/{prefix}exports/a%20b.mp4?X-Amz-Signature=0"
        assert key_in_url(url, prefix) == f"{prefix}exports/a b.mp4"
    assert key_in_url("http://h/bucket/jobs/acme/job_12/x", prefix) is None
    assert key_in_url(f"http://h/?x=/{prefix}a", prefix) is None


def everything(stores: Stores) -> dict[str, str]:
    """Every key and every object with what it holds, but buckets of requests."""
    stored: dict[str, str] = {}
    readers = {
        b"string": stores.redis.get,
        b"hash": stores.redis.hgetall,
        b"list": lambda key: stores.redis.lrange(key, 0, -1),
        b"set": stores.redis.smembers,
        b"zset": lambda key: stores.redis.zrange(key, 0, -1),
        b"stream": stores.redis.xrange,
    }
    for key in stores.redis.scan_iter("*"):
        if not key.endswith(b":rate"):
            stored[key.decode()] = repr(readers[stores.redis.type(key)](key))
    for key in stores.objects.list_keys(""):
        stored[f"s3:{key}"] = ""
    return stored


def naming(stores: Stores, *names: str) -> list[str]:
    """Where any of the names still stands."""
    return [
        key for key, value in everything(stores).items() if any(n in key + value for n in names)
    ]


@pytest.mark.parametrize("state", ["queued", "running", "succeeded", "archived"])
def test_nothing_of_an_erased_job_is_left_anywhere(
    client: Client, stores: Stores, state: str
) -> None:
    neighbour = new_job(client)["id"]
    Actor(stores, neighbour).say(("1-1", EXAMPLES["counter"]))
    upload = put_upload(client)
    job = {"input": {"uploadId": upload}, "options": {"firehose": "all"}, "deadlineSeconds": 99}
    other = {"input": {"url": "http://media.example/a.mp4"}}
    batch = client.post("/batches", json={"jobs": [job, other]}).json()["id"]
    listed = client.get("/jobs", params={"batch": batch}).json()["jobs"]
    (job_id,) = [one["id"] for one in listed if "deadlineAt" in one]
    if state != "queued":
        actor = Actor(stores, job_id)
        actor.say(("1-1", EXAMPLES["keypoints"]), ("2-1", EXAMPLES["counter"]))
        prefix = job_prefix("acme", job_id)
        stores.objects.put(prefix + "exports/video.mp4", b"x", "video/mp4")
        if state in ("succeeded", "archived"):
            actor.finish(usage=Usage(mediaSeconds=3.0, computeSeconds=1.0))
        if state == "archived":
            archive_job(stores, job_id)
    assert len(naming(stores, job_id, upload)) > 4
    assert client.delete(f"/jobs/{job_id}").status_code == 204
    # until the upload's URL has ended, it could come back
    tombs = {keys.ERASED, keys.ERASED_IDS, keys.UPLOADS_LATE}
    firehose = keys.firehose(job_id, stores.settings.firehose_partitions)
    assert set(naming(stores, job_id, upload)) <= {*tombs, firehose}
    assert sweep_erased(stores) == 1  # the next round of any worker
    assert set(naming(stores, job_id, upload)) == tombs
    for note in stores.redis.zrange(keys.UPLOADS_LATE, 0, -1):
        stores.redis.zadd(keys.UPLOADS_LATE, {note: 1})
    sweep_uploads(stores)
    later(stores)
    sweep_erased(stores)
    stores.redis.delete(keys.UPLOADS_LATE)  # noted once more, for as long as a URL may hold
    assert naming(stores, job_id, upload) == [keys.ERASED_IDS]  # the id alone
    # what is not the job's own stays: its neighbours, and that it was used
    assert naming(stores, neighbour) and client.get(f"/batches/{batch}").json()["accepted"] == 2
    used = client.get("/usage").json()["months"]
    assert [month["mediaSeconds"] for month in used] == (
        [3.0] if state in ("succeeded", "archived") else []
    )
    name = keys.firehose(neighbour, stores.settings.firehose_partitions)
    assert neighbour.encode() in [fields[b"job"] for _, fields in stores.redis.xrange(name)]


def test_the_id_of_an_erased_job_is_forgotten_some_minutes_later(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (new_job(client)["id"] for _ in range(2))
    stores.jobs.erase(stores.jobs.get(first))
    assert stores.redis.zrange(keys.ERASED_IDS, 0, -1) == [first.encode()]
    assert ERASED_S - 60 < stores.redis.ttl(keys.ERASED_IDS) <= ERASED_S  # after the last erasure
    now = stores.clock()
    monkeypatch.setattr(stores.jobs, "_clock", lambda: now + ERASED_S + 1)
    stores.jobs.erase(stores.jobs.get(second))
    assert stores.redis.zrange(keys.ERASED_IDS, 0, -1) == [second.encode()]


def test_an_idempotency_key_keeps_no_name_of_an_erased_job(client: Client, stores: Stores) -> None:
    body = {"input": {"url": "http://media.example/a.mp4"}}
    headers = {"Idempotency-Key": "k"}
    job_id = client.post("/jobs", json=body, headers=headers).json()["id"]
    client.delete(f"/jobs/{job_id}")
    sweep_erased(stores)
    assert set(naming(stores, job_id)) == {keys.ERASED, keys.ERASED_IDS}
    refusal = refused(client.post("/jobs", json=body, headers=headers), 409, "conflict")
    assert "erased" in refusal["detail"]
    other = client.post("/jobs", json={**body, "priority": "low"}, headers=headers)
    refused(other, 422, "conflict")


def test_the_entries_of_many_are_found_on_a_long_firehose(client: Client, stores: Stores) -> None:
    gone, stays = (new_job(client)["id"] for _ in range(2))
    for job_id in (gone, stays):
        name = keys.firehose(job_id, stores.settings.firehose_partitions)
        with stores.redis.pipeline(transaction=False) as pipe:
            for _ in range(1500):
                pipe.xadd(name, {"job": job_id, "type": "counter"})
            pipe.execute()
    client.delete(f"/jobs/{gone}")
    sweep_erased(stores)
    left = [
        fields[b"job"]
        for name in keys.partitions(stores.settings.firehose_partitions)
        for _, fields in stores.redis.xrange(name)
    ]
    assert left.count(stays.encode()) >= 1500 and gone.encode() not in left
