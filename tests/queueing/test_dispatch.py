"""Tickets: what a worker does with one, and a real worker that runs by turns."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec
import pytest
from kombu.exceptions import OperationalError

from tests.storage.factories import new_job
from worker.contract.jobs import JobStatus
from worker.embedded.processes import Process
from worker.lifecycle.completion import complete_job
from worker.queueing import celery_app, dispatch, queues
from worker.queueing.dispatch import dispatch_next
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Waiting lists that tickets were sent for; there is no broker."""
    sent: list[str] = []
    monkeypatch.setattr(
        dispatch, "send_wakeups", lambda name, _, count: sent.extend([name] * count)
    )
    return sent


def finish(stores: Stores, job_id: str) -> None:
    token = stores.leases.claim(job_id).token
    complete_job(stores, stores.jobs.get(job_id), token, JobStatus.SUCCEEDED)


def test_a_ticket_runs_one_job_and_sends_the_next_ticket(
    stores: Stores, tickets: list[str]
) -> None:
    jobs = [new_job(stores) for _ in range(2)]
    stores.fair_queue.push(jobs, 1)
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    assert dispatch_next(stores, lambda job: finish(stores, job), "pose.cpu") == jobs[0].id
    assert tickets == ["pose.cpu"]
    waits = stores.fair_queue.place(jobs[1])
    assert waits is not None and waits.pace is not None
    assert dispatch_next(stores, lambda job: finish(stores, job), "pose.cpu") == jobs[1].id
    assert tickets == ["pose.cpu"]
    assert dispatch_next(stores, lambda job: finish(stores, job), "pose.cpu") is None
    assert stores.redis.zcard(keys.running_of("acme")) == 0


def test_a_job_past_its_deadline_is_not_begun(stores: Stores, tickets: list[str]) -> None:
    job = new_job(stores, deadlineAt="2026-01-01T00:00:05Z")
    stores.fair_queue.push([job], None)
    begun: list[str] = []
    assert dispatch_next(stores, begun.append, "pose.cpu") == job.id
    over = stores.jobs.get(job.id)
    assert begun == [] and over.error is not None and over.startedAt is None


def test_a_job_that_was_erased_leaves_no_trace(stores: Stores, tickets: list[str]) -> None:
    job = new_job(stores)
    stores.fair_queue.push([job], None)
    stores.redis.delete(keys.job(job.id))
    dispatch_next(stores, lambda job: None, "pose.cpu")
    assert stores.fair_queue.total() == 0 and stores.redis.zcard(keys.running_of("acme")) == 0


def test_a_run_that_raises_is_put_back_by_the_sweep(stores: Stores, tickets: list[str]) -> None:
    job = new_job(stores)
    stores.fair_queue.push([job], None)

    def broken(_: str) -> None:
        raise ConnectionError("Redis")

    with pytest.raises(ConnectionError):
        dispatch_next(stores, broken, "pose.cpu")
    assert stores.redis.zscore(keys.QUEUED, job.id) is not None


def test_a_silent_broker_fails_no_job(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise OperationalError("broker")

    monkeypatch.setattr(dispatch, "send_wakeups", silent)
    jobs = [new_job(stores) for _ in range(2)]
    stores.fair_queue.push(jobs, None)
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    assert dispatch_next(stores, lambda job: finish(stores, job), "pose.cpu") == jobs[0].id
    assert dispatch.ensure_wakeups(stores) == 0


# a worker whose jobs take 20 ms and note the order in which they began
WORKER = """
import time
from worker.runtime import tasks
from worker.contract.jobs import JobStatus
from worker.embedded.processes import Process
from worker.lifecycle.completion import complete_job

class Short:
    def run(self, job_id):
        stores = tasks._stores()
        token = stores.leases.claim(job_id).token
        stores.redis.rpush("test:order", job_id)
        time.sleep(0.02)
        complete_job(stores, stores.jobs.get(job_id), token, JobStatus.SUCCEEDED)

tasks._runner = Short
tasks.engine = lambda: None
tasks.app.worker_main(["worker", "-P", "prefork", "-c", "1", "-Q", "pose.cpu",
                       "--without-gossip", "--without-mingle", "-l", "WARNING"])
"""


def test_a_real_worker_takes_turns(stores: Stores, settings: Settings, tmp_path: Path) -> None:
    """One tenant queues 10,000, another comes in between with one: it is the next to begin."""
    celery_app.app.conf.broker_url = settings.redis_url.get_secret_value()
    first = new_job(stores)
    many = [msgspec.structs.replace(first, id=f"{first.id}_{n}") for n in range(10_000)]
    stores.jobs.erase(first)
    stores.jobs.create_all(many[:200])  # the others' turn does not come
    stores.fair_queue.push(many, None)
    queues.send_wakeups("pose.cpu", "pose.cpu", 3)
    command = [sys.executable, "-c", WORKER]
    worker = Process(command, tmp_path / "log", {"POSEQUEUE_WORKER_QUEUES": "pose.cpu"})
    try:
        wait_for(stores, 20)
        single = new_job(stores, "umbrella")
        began_before = stores.redis.llen("test:order")
        stores.fair_queue.push([single], None)
        wait_for(stores, began_before + 10)
    finally:
        worker.kill()
    order = [job.decode() for job in stores.redis.lrange("test:order", 0, -1)]
    assert len(order) == len(set(order))
    # one may have begun between the count and the entry, and one was under way
    assert order.index(single.id) <= began_before + 1
    others = [job for job in order if job != single.id]
    assert others == [job.id for job in many[: len(others)]]


def wait_for(stores: Stores, count: int) -> None:
    end = time.monotonic() + 90
    while stores.redis.llen("test:order") < count:
        assert time.monotonic() < end, stores.redis.llen("test:order")
        time.sleep(0.01)
