"""What a sweep finds, and what it has done about it."""

from __future__ import annotations

import pytest

from tests.storage.factories import die, listed, new_job
from worker.contract.jobs import JobStatus, Stage
from worker.lifecycle.completion import complete_job
from worker.queueing import dispatch
from worker.queueing.celery_app import KEY_PREFIX
from worker.queueing.index_rebuild import rebuild
from worker.runtime import sweeper as module
from worker.runtime.maintenance import run_maintenance
from worker.runtime.sweeper import WAIT_S, sweep
from worker.storage import keys
from worker.storage.queue.fair_queue import STALE_S
from worker.storage.stores import Stores

Sent = list[tuple[str, str]]


@pytest.fixture
def sent(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Wake-ups sent, as waiting list and queue; there is no broker."""
    stores.redis.set(keys.INDEXED, 1)
    # nothing is to be looked for in the object store
    stores.redis.set(keys.UPLOADS_SEARCHED, 1)
    wakeups: Sent = []
    monkeypatch.setattr(module, "send_maintenance", lambda: wakeups.append(("", "maintenance")))
    monkeypatch.setattr(
        dispatch,
        "send_wakeups",
        lambda waiting, queue, count: wakeups.extend([(waiting, queue)] * count),
    )
    return wakeups


def waited(stores: Stores, job_id: str, seconds: float = WAIT_S + 1) -> None:
    stores.redis.zincrby(keys.QUEUED, -seconds, job_id)


def pulled(stores: Stores, queue: str = "pose.cpu") -> str | None:
    found = stores.fair_queue.pop(queue)
    return found[0] if found else None


def test_nothing_to_do(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    stores.leases.claim(job.id)
    new_job(stores)
    sweep(stores)
    assert sent == [] and listed(stores) == []


def test_lost_jobs_wait_again_whatever_stage_is_next(stores: Stores, sent: Sent) -> None:
    jobs = [new_job(stores), new_job(stores, stage=Stage.EXPORT), new_job(stores)]
    for job in jobs:
        stores.leases.claim(job.id)
        die(stores, job.id)
        stores.redis.zadd(keys.RUNNING, {job.id: 1})
    stores.jobs.erase(jobs[2])
    sweep(stores)
    sweep(stores)
    assert listed(stores) == [(jobs[0].id, "pose.cpu"), (jobs[1].id, "export")]
    assert stores.redis.zcard(keys.RUNNING) == stores.redis.zcard(keys.running_of("acme")) == 0


@pytest.mark.parametrize("stage", Stage)
def test_a_job_whose_taker_died_waits_again(stores: Stores, sent: Sent, stage: Stage) -> None:
    job = new_job(stores, stage=stage)
    queue = job.waits_in
    stores.workers.beat("w", "cpu", (queue,), 1)
    stores.fair_queue.push([job], None)
    assert pulled(stores, queue) == job.id
    sweep(stores)
    assert pulled(stores, queue) is None and sent == []
    waited(stores, job.id)
    sweep(stores)
    sweep(stores)
    assert sent == [(queue, queue)] * 2  # no wake-up waits, as there is no broker
    assert pulled(stores, queue) == job.id and pulled(stores, queue) is None


def test_wakeups_are_as_many_as_jobs_and_slots(stores: Stores, sent: Sent) -> None:
    for _ in range(5):
        stores.fair_queue.push([new_job(stores)], None)
    sweep(stores)
    assert sent == []  # no worker lives
    stores.workers.beat("w", "cpu", ("pose.cpu",), 3)
    stores.redis.rpush(KEY_PREFIX + "pose.cpu", "wake-up")
    sweep(stores)
    assert sent == [("pose.cpu", "pose.cpu")] * 2
    for _ in range(4):
        pulled(stores)
    stores.redis.delete(KEY_PREFIX + "pose.cpu")
    sent.clear()
    sweep(stores)
    assert sent == [("pose.cpu", "pose.cpu")]


def test_a_queue_that_lost_its_workers_is_served_by_the_other_kind(
    stores: Stores, sent: Sent
) -> None:
    stores.workers.beat("w", "cpu", ("pose.cpu",), 1)
    stores.fair_queue.push([new_job(stores, queue="pose.gpu")], None)
    stores.fair_queue.push([new_job(stores, stage=Stage.EXPORT)], None)
    sweep(stores)
    assert sent == [("pose.gpu", "pose.cpu")]


def test_a_job_that_is_taken_twice_is_left_to_who_runs_it(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    stores.leases.claim(job.id)
    stores.redis.zadd(keys.QUEUED, {job.id: stores.jobs._clock()})
    waited(stores, job.id)
    sweep(stores)
    assert pulled(stores) is None
    assert stores.redis.zscore(keys.QUEUED, job.id) is None


def test_a_finished_job_is_archived_by_the_first_who_wakes(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    sweep(stores)
    assert sent == [("", "maintenance")]
    stores.redis.rpush(KEY_PREFIX + "maintenance", "wake-up")
    sweep(stores)
    assert sent == [("", "maintenance")]  # one waits already
    run_maintenance(stores)
    run_maintenance(stores)
    assert stores.redis.exists(keys.CLOSED) == 0 and stores.redis.ttl(keys.job(job.id)) > 0


def test_one_failure_holds_up_nothing_else(
    stores: Stores, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.runtime import maintenance

    jobs, archived = [new_job(stores) for _ in range(3)], []
    for job in jobs:
        token = stores.leases.claim(job.id).token
        complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)

    def archive(_: Stores, job_id: str) -> None:
        if job_id == jobs[0].id:
            raise ZeroDivisionError
        archived.append(job_id)

    monkeypatch.setattr(maintenance, "archive_job", archive)
    run_maintenance(stores)
    assert sorted(archived) == sorted(job.id for job in jobs[1:])


def test_a_job_erased_while_it_waited(stores: Stores, sent: Sent) -> None:
    job = new_job(stores)
    stores.redis.delete(keys.job(job.id))
    waited(stores, job.id)
    sweep(stores)
    assert sent == [] and listed(stores) == []


def test_a_job_that_nobody_starts_in_time_fails_and_costs_nothing(
    stores: Stores, sent: Sent
) -> None:
    late = new_job(stores, deadlineAt="2026-01-01T00:00:05Z")
    early = new_job(stores, deadlineAt="2999-01-01T00:00:00Z")
    for job in (late, early):
        stores.fair_queue.push([job], None)
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


def world(stores: Stores) -> dict[str, str]:
    """Jobs in every state, by it."""
    jobs = {name: new_job(stores) for name in ("waiting", "running", "lost", "closed", "pulled")}
    jobs["export"] = new_job(stores, stage=Stage.EXPORT)
    for name in ("waiting", "export"):
        stores.fair_queue.push([jobs[name]], None)
    tokens = {
        name: stores.leases.claim(jobs[name].id).token for name in ("running", "lost", "closed")
    }
    die(stores, jobs["lost"].id)
    closed = stores.jobs.get(jobs["closed"].id)
    complete_job(stores, closed, tokens["closed"], JobStatus.SUCCEEDED)
    return {name: job.id for name, job in jobs.items()}


def check_whole(stores: Stores, world: dict[str, str]) -> None:
    queues = dict(listed(stores))
    assert queues == {
        world["waiting"]: "pose.cpu",
        world["lost"]: "pose.cpu",
        world["pulled"]: "pose.cpu",
        world["export"]: "export",
    }
    assert stores.redis.zrange(keys.RUNNING, 0, -1) == [world["running"].encode()]
    assert stores.redis.zrange(keys.running_of("acme"), 0, -1) == [world["running"].encode()]
    assert stores.redis.zrange(keys.CLOSED, 0, -1) == [world["closed"].encode()]
    assert len(stores.jobs.page("acme")) == len(world)


def test_the_keys_of_the_queue_heal_when_they_are_lost(stores: Stores, sent: Sent) -> None:
    jobs = world(stores)
    lost = stores.redis.keys("pq:{wait}:*")
    stores.redis.delete(*lost, keys.RUNNING, keys.CLOSED, keys.tenant_jobs("acme"))
    sweep(stores)
    check_whole(stores, jobs)
    sweep(stores)
    check_whole(stores, jobs)


def test_a_lost_list_of_running_jobs_heals(stores: Stores, sent: Sent) -> None:
    jobs = world(stores)
    stores.redis.delete(keys.RUNNING)
    for name in (jobs["lost"], jobs["running"]):
        stores.redis.zincrby(keys.running_of("acme"), -STALE_S - 1, name)
    sweep(stores)
    assert (jobs["lost"], "pose.cpu") in listed(stores)
    # a live worker lists its job itself, with its next sign of life
    token = int(stores.redis.get(keys.lease(jobs["running"])))
    stores.leases.extend(jobs["running"], token)
    assert stores.redis.zrange(keys.RUNNING, 0, -1) == [jobs["running"].encode()]


def test_a_rebuild_of_what_is_whole_changes_nothing_but_what_was_in_hand(
    stores: Stores, sent: Sent
) -> None:
    jobs = world(stores)
    assert rebuild(stores) == {"waiting": 4, "running": 1, "to_archive": 1}
    check_whole(stores, jobs)
    assert rebuild(stores) == {"waiting": 4, "running": 1, "to_archive": 1}
    check_whole(stores, jobs)
