"""What a new job leaves in the queue: one wake-up, few round trips, nothing where it fails."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import redis
from celery import Celery

from api.schemas.answers import JobView
from tests.api.api_play import Actor, Client, new_job, put_upload, refused
from worker.contract.jobs import Stage
from worker.observability.metrics import REDIS_SECONDS, MetricSpec, listening
from worker.queueing import queues
from worker.queueing.dispatch import ensure_wakeups
from worker.storage import keys
from worker.storage.jobs.records import JobStore
from worker.storage.queue.fair_queue import LATER
from worker.storage.stores import Stores


def queued_tasks(stores: Stores, queue: str = "pose.cpu") -> list[str]:
    """Arguments of the tasks that wait in a queue, all priorities."""
    found = []
    for key in stores.redis.scan_iter("pq:celery:*"):
        if key.decode().split(":", 2)[2].startswith(queue) and stores.redis.type(key) == b"list":
            tasks = stores.redis.lrange(key, 0, -1)
            found += [msgspec.json.decode(task)["headers"]["argsrepr"] for task in tasks]
    return found


def all_keys(stores: Stores) -> set[bytes]:
    """Every key but the tenant's bucket of requests, which is gone in a moment."""
    return set(stores.redis.scan_iter("*")) - {keys.rate("acme").encode()}


def test_a_new_job_is_stored_and_sent(client: Client, stores: Stores) -> None:
    body = {
        "input": {"uploadId": put_upload(client)},
        "options": {"exercise": "Face Squat", "keypoints": "true", "minGrade": "b"},
        "metadata": {"athlete": {"id": 7}, "name": "Ø"},
        "priority": "high",
        "deadlineSeconds": 60,
    }
    answer = client.post("/jobs", json=body)
    assert answer.status_code == 202
    view = answer.json()
    JobView.model_validate(view)
    assert answer.headers["location"] == view["links"]["self"] == f"/v1/jobs/{view['id']}"
    assert view["status"] == "queued" and view["queuePosition"] == 0 and view["progress"] == 0
    assert view["options"]["exercise"] == "squat" and view["options"]["minGrade"] == "B"
    assert view["metadata"] == body["metadata"] and view["deadlineAt"] > view["createdAt"]
    assert queued_tasks(stores) == ["['pose.cpu']"]
    assert stores.fair_queue.pop("pose.cpu") == (view["id"], "acme")
    job = stores.jobs.get(view["id"])
    assert job.input.filename == "clip" and stores.objects.get(job.input.key or "") == b"frames"


def test_a_silent_broker_delays_a_job_and_refuses_none(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tickets are hints: the job waits in our own keys, and the next sweep sends one."""
    deaf = Celery("deaf", broker="redis://127.0.0.1:1/0", set_as_current=False)
    monkeypatch.setattr(queues, "app", deaf)
    job_id = new_job(client)["id"]
    assert queued_tasks(stores) == []
    monkeypatch.undo()
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    ensure_wakeups(stores)
    assert queued_tasks(stores) == ["['pose.cpu']"]
    assert stores.fair_queue.pop("pose.cpu") == (job_id, "acme")


def test_a_job_whose_answer_was_lost_is_found_by_its_repetition(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told of when it was stored: erasing it would tell consumers of one that never was."""
    submit = JobStore.submit

    def silent(store: JobStore, *given: Any) -> int:
        submit(store, *given)  # it is stored, and queued
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(JobStore, "submit", silent)
    webhook = {"url": "https://app.example.com/hook"}
    body = {"input": {"uploadId": put_upload(client)}, "webhook": webhook}
    headers = {"Idempotency-Key": "once"}
    answer = client.post("/jobs", json=body, headers=headers)
    refused(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    monkeypatch.undo()
    again = client.post("/jobs", json=body, headers=headers)
    assert again.status_code == 202
    (listed,) = client.get("/jobs").json()["jobs"]
    assert listed["id"] == again.json()["id"]
    name = keys.firehose(listed["id"], stores.settings.firehose_partitions)
    assert [row[b"type"] for _, row in stores.redis.xrange(name)] == [b"job.queued"]
    assert stores.endpoints.audience("acme")[1]  # its webhook


def test_a_job_is_made_in_few_round_trips_to_redis(client: Client) -> None:
    body = {"input": {"uploadId": put_upload(client)}}
    client.post("/jobs", json=body, headers={"Idempotency-Key": "first"})  # scripts are loaded
    asked: list[MetricSpec] = []
    with listening(lambda measure, _value, _labels: asked.append(measure)):
        answer = client.post("/jobs", json=body, headers={"Idempotency-Key": "counted"})
    assert answer.status_code == 202
    # key, rate, workers, Idempotency-Key, room in the queue, upload, the month's minutes, the job
    # with its answer, what is told of it with its place; the wake-up is Celery's
    assert asked.count(REDIS_SECONDS) <= 9


def test_a_job_says_that_no_living_worker_can_do_it(client: Client, stores: Stores) -> None:
    warnings: list[list[str]] = [["queue_without_workers"], []]
    job_id = new_job(client)["id"]

    def told() -> list[str] | None:
        found: list[str] | None = client.get(f"/jobs/{job_id}").json().get("warnings")
        return found

    assert told() == warnings[0]
    stores.workers.beat("w0", "cpu", ("webhooks",), 1)
    assert told() == warnings[0]
    # either kind of pose worker does
    stores.workers.beat("w1", "gpu", ("pose.gpu",), 1)
    assert told() == warnings[1]
    actor = Actor(stores, job_id)
    stores.workers.leave("w1")
    assert told() == warnings[1]  # it is being done
    actor.say(stage=Stage.EXPORT)
    stores.leases.release(stores.jobs.get(job_id), actor.token, LATER, None)
    stores.workers.beat("w1", "gpu", ("pose.gpu",), 1)
    assert told() == warnings[0]
    stores.workers.beat("w2", "cpu", ("export",), 1)
    assert told() == warnings[1]
