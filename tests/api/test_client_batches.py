"""The Python client's calls for many jobs, both forms, against the real API."""

from __future__ import annotations

import asyncio
import threading

import pytest

from api.client import AsyncPoseQueue, PoseQueue, Refused, job_body
from tests.api.api_play import Actor
from tests.api.batch_play import URL, finish_all
from worker.storage.stores import Stores
from worker.submission.batches import expand_batch

PLACE = URL["input"]["url"]


def test_a_batch_is_taken_waited_for_and_listed(reach: tuple[str, str], stores: Stores) -> None:
    with PoseQueue(*reach) as queue:
        wanted = [job_body(PLACE, {"exercise": "squat"}, metadata={"n": n}) for n in range(3)]
        batch = queue.submit_batch(wanted, key="today")
        assert queue.submit_batch(wanted, key="today")["id"] == batch["id"]
        members = list(queue.jobs(batch=batch["id"]))
        assert [job["metadata"]["n"] for job in members] == [2, 1, 0]
        assert [one["id"] for one in queue.batches()] == [batch["id"]]
        with pytest.raises(TimeoutError):
            queue.wait_batch(batch["id"], 0)
        threading.Timer(0.1, finish_all, (stores, [job["id"] for job in members])).start()
        done = queue.wait_batch(batch["id"], 20)
        assert done["counts"]["succeeded"] == 3 and done["progress"] == 1.0
        assert len(list(queue.jobs(status="succeeded"))) == 3
        assert list(queue.jobs(status="failed")) == []


def test_what_is_wrong_is_told_one_by_one(reach: tuple[str, str]) -> None:
    with PoseQueue(*reach) as queue, pytest.raises(Refused) as caught:
        queue.submit_batch([job_body(PLACE), job_body("upl_0"), job_body(PLACE, speed=1)])
    errors = caught.value.details["errors"]
    assert [(one["index"], one["code"]) for one in errors] == [
        (1, "not_found"),
        (2, "invalid_parameter"),
    ]


def test_a_manifest_of_jobs_or_of_an_upload(reach: tuple[str, str], stores: Stores) -> None:
    with PoseQueue(*reach) as queue:
        jobs = (job_body(PLACE, metadata={"n": n}) for n in range(4))
        first = queue.submit_manifest(jobs)
        assert first["status"] == "expanding"
        expand_batch(stores, first["id"])  # what a maintenance worker does
        now = queue.batch(first["id"])
        assert (now["accepted"], now["rejected"], now["lines"]) == (4, 0, 4)
        upload = stores.batches.get(first["id"]).record.manifest
        assert upload is not None and upload.uploadId is not None
        second = queue.submit_manifest(upload.uploadId)
        assert second["id"] != first["id"]
        with pytest.raises(Refused) as caught:
            queue.submit_manifest("s3://elsewhere/jobs.jsonl")
        assert caught.value.details["parameter"] == "manifest.url"


def test_cancel_erase_and_analyze(reach: tuple[str, str], stores: Stores) -> None:
    with PoseQueue(*reach) as queue:
        batch = queue.submit_batch([URL] * 2)
        queue.cancel_batch(batch["id"])
        expand_batch(stores, batch["id"])
        assert queue.wait_batch(batch["id"], 5)["counts"]["canceled"] == 2
        job = queue.submit(PLACE)
        assert queue.cancel(job["id"])["status"] == "canceled"
        queue.erase(job["id"])
        with pytest.raises(Refused) as caught:
            queue.job(job["id"])
        assert caught.value.status == 404
        first = queue.submit(PLACE)
        with pytest.raises(Refused) as caught:
            queue.analyze(first["id"], {"exercise": "squat"})
        assert caught.value.code == "conflict"
        Actor(stores, first["id"]).finish()
        assert queue.analyze(first["id"], {"exercise": "lunge"})["options"]["exercise"] == "lunge"


def test_the_same_in_an_event_loop(reach: tuple[str, str], stores: Stores) -> None:
    async def live() -> None:
        async with AsyncPoseQueue(*reach) as queue:
            batch = await queue.submit_batch([job_body(PLACE)] * 2)
            members = [job["id"] async for job in queue.jobs(batch=batch["id"])]
            threading.Timer(0.1, finish_all, (stores, members)).start()
            assert (await queue.wait_batch(batch["id"], 20))["counts"]["succeeded"] == 2
            listed = await queue.submit_manifest([job_body(PLACE)])
            assert (await queue.cancel_batch(listed["id"]))["canceled"]
            names = [one["id"] async for one in queue.batches()]
            assert names == [listed["id"], batch["id"]]
            job = await queue.submit(PLACE)
            assert (await queue.cancel(job["id"]))["status"] == "canceled"
            await queue.erase(job["id"])
            with pytest.raises(Refused):
                await queue.analyze(job["id"], {})

    asyncio.run(live())
