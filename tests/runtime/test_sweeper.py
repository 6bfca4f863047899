"""What a sweep finds and sends again."""

from __future__ import annotations

import pytest

from tests.storage.factories import die, new_job
from worker.contract.jobs import JobStatus, Stage
from worker.lifecycle.completion import complete_job
from worker.queueing import dispatch
from worker.queueing.celery_app import KEY_PREFIX
from worker.runtime import sweeper as module
from worker.runtime.sweeper import WAIT_S, sweep
from worker.storage import keys
from worker.storage.stores import Stores

Sent = list[tuple[str, str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Tasks sent, as job (tickets: waiting list) and queue; there is no broker."""
    tasks: Sent = []
    monkeypatch.setattr(module, "send_job", lambda job, queue, *_: tasks.append((job, queue)))
    monkeypatch.setattr(module, "send_archive", lambda job: tasks.append((job, "archive")))
    monkeypatch.setattr(
        dispatch,
        "send_wakeups",
        lambda waiting, queue, count: tasks.extend([(waiting, queue)] * count),
    )
    return tasks


def waited(stores: Stores, job_id: str, seconds: float = WAIT_S + 1) -> None:
    stores.redis.zincrby(keys.QUEUED, -seconds, job_id)


def test_nothing_to_do(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    stores.leases.claim(job.id)
    new_job(stores)
    sweep(stores)
    assert sent == []


def test_a_lost_job_is_sent_again_once(stores: Stores, sent: Sent) -> None:
    jobs = [new_job(stores), new_job(stores, stage=Stage.EXPORT), new_job(stores)]
    for job in jobs:
        stores.leases.claim(job.id)
        die(stores, job.id)
        stores.redis.zadd(keys.RUNNING, {job.id: 1})
    stores.jobs.erase(jobs[2])
    sweep(stores)
    sweep(stores)
    assert sorted(sent) == sorted([(jobs[0].id, "pose.cpu"), (jobs[1].id, "export")])


def pulled(stores: Stores, queue: str = "pose.cpu") -> str | None:
    found = stores.waiting.pop(queue)
    return found.job if found else None


def test_a_job_whose_taker_died_waits_again(stores: Stores, sent: Sent) -> None:
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    job = new_job(stores)
    stores.waiting.push([job], None)
    assert pulled(stores) == job.id
    sweep(stores)
    assert pulled(stores) is None and sent == []
    waited(stores, job.id)
    sweep(stores)
    sweep(stores)
    assert sent == [("pose.cpu", "pose.cpu")] * 2  # no ticket waits, as there is no broker
    assert pulled(stores) == job.id and pulled(stores) is None


def test_an_export_whose_task_is_lost_is_sent_again(stores: Stores, sent: Sent) -> None:
    job = new_job(stores, stage=Stage.EXPORT)
    waited(stores, job.id)
    sweep(stores)
    sweep(stores)
    assert sent == [(job.id, "export")]


@pytest.mark.parametrize("queue", ["export", "export:3", "export:6", "export:9"])
def test_a_queue_in_which_tasks_wait_has_lost_none(stores: Stores, sent: Sent, queue: str) -> None:
    job = new_job(stores, stage=Stage.EXPORT)
    waited(stores, job.id)
    stores.redis.rpush(KEY_PREFIX + queue, "task")
    sweep(stores)
    assert sent == []


def test_tickets_are_as_many_as_jobs_and_slots(stores: Stores, sent: Sent) -> None:
    for _ in range(5):
        stores.waiting.push([new_job(stores)], None)
    sweep(stores)
    assert sent == []  # no worker lives
    stores.workers.beat("w", "cpu", ("pose.cpu",), 3)
    stores.redis.rpush(KEY_PREFIX + "pose.cpu:9", "ticket")
    sweep(stores)
    assert sent == [("pose.cpu", "pose.cpu")] * 2
    for _ in range(4):
        pulled(stores)
    stores.redis.delete(KEY_PREFIX + "pose.cpu:9")
    sent.clear()
    sweep(stores)
    assert sent == [("pose.cpu", "pose.cpu")]


def test_a_queue_that_lost_its_workers_is_served_by_the_other_kind(
    stores: Stores, sent: Sent
) -> None:
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    stores.waiting.push([new_job(stores, queue="pose.gpu")], None)
    sweep(stores)
    assert sent == [("pose.gpu", "pose.cpu")]


def test_a_job_that_is_taken_twice_is_left_to_who_runs_it(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    stores.leases.claim(job.id)
    stores.jobs.requeue(job.id)
    waited(stores, job.id)
    sweep(stores)
    assert pulled(stores) is None
    assert stores.redis.zscore(keys.QUEUED, job.id) is None


def test_a_finished_job_is_archived(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    sweep(stores)
    sweep(stores)
    assert sent == [(job.id, "archive")]


def test_a_job_erased_while_it_waited(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    stores.redis.delete(keys.job(job.id))
    waited(stores, job.id)
    sweep(stores)
    assert sent == []


def test_a_job_that_nobody_starts_in_time_fails_and_costs_nothing(
    stores: Stores, sent: Sent
) -> None:
    late = new_job(stores, deadlineAt="2026-01-01T00:00:05Z")
    early = new_job(stores, deadlineAt="2999-01-01T00:00:00Z")
    for job in (late, early):
        stores.waiting.push([job], None)
    sweep(stores)
    over = stores.jobs.get(late.id)
    assert (over.status, over.startedAt, over.attempt) == (JobStatus.FAILED, None, 0)
    assert over.error is not None and over.error["code"] == "deadline_exceeded"
    assert stores.usage.of_month("acme").jobs == 0
    assert pulled(stores) == early.id and pulled(stores) is None
    assert stores.redis.zrange(keys.DEADLINES, 0, -1) == [early.id.encode()]


def test_the_deadline_of_a_running_job_is_its_workers_business(stores: Stores, sent: Sent) -> None:
    job = new_job(stores, deadlineAt="2026-01-01T00:00:05Z")
    token = stores.leases.claim(job.id).token
    sweep(stores)
    assert stores.jobs.get(job.id).status is JobStatus.RUNNING
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    assert stores.redis.exists(keys.DEADLINES) == 0
