"""What a sweep finds and sends again."""

from __future__ import annotations

import pytest

from tests.store.making import die, new_job
from worker import sweep as module
from worker.app import KEY_PREFIX
from worker.contract.jobs import JobStatus, Stage
from worker.store import keys
from worker.store.bundle import Stores
from worker.store.closing import close_job
from worker.sweep import WAIT_S, sweep

Sent = list[tuple[str, str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Tasks sent, as job and queue; there is no broker."""
    tasks: Sent = []
    monkeypatch.setattr(module, "send_job", lambda job, queue, *_: tasks.append((job, queue)))
    monkeypatch.setattr(module, "send_archive", lambda job: tasks.append((job, "archive")))
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


def test_a_task_that_is_lost_is_sent_again(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    waited(stores, job.id)
    sweep(stores)
    sweep(stores)
    assert sent == [(job.id, "pose.cpu")]


@pytest.mark.parametrize("queue", ["pose.cpu", "pose.cpu:3", "pose.cpu:6", "pose.cpu:9"])
def test_a_queue_in_which_tasks_wait_has_lost_none(stores: Stores, sent: Sent, queue: str) -> None:
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    job = new_job(stores)
    waited(stores, job.id)
    stores.redis.rpush(KEY_PREFIX + queue, "task")
    sweep(stores)
    assert sent == []


def test_a_queue_that_lost_its_workers_gives_to_the_other_kind(stores: Stores, sent: Sent) -> None:
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    job = new_job(stores, queue="pose.gpu")
    stores.redis.rpush(KEY_PREFIX + "pose.gpu", "task")
    waited(stores, job.id)
    sweep(stores)
    assert sent == [(job.id, "pose.cpu")]


def test_a_finished_job_is_archived(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    close_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    sweep(stores)
    sweep(stores)
    assert sent == [(job.id, "archive")]


def test_a_job_erased_while_it_waited(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    stores.redis.delete(keys.job(job.id))
    waited(stores, job.id)
    sweep(stores)
    assert sent == []
