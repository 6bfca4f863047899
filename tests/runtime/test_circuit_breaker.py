"""A worker that can do no job stops taking them, and takes them again once it can."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from tests.jobs.test_runner import OPTIONS, recorded_job
from tests.storage.factories import Clock, new_job
from worker.contract.errors import ErrorCode, JobError, ModelFault
from worker.contract.jobs import JobStatus
from worker.embedded.processes import Process
from worker.jobs.faults import LAST, MOST, RecentFaults, classify_fault
from worker.jobs.runner import MOST_FAULTS, Runner
from worker.pose.engine import PoseEngine
from worker.queueing import celery_app
from worker.runtime import circuit_breaker as module
from worker.runtime.circuit_breaker import FIRST_S, MOST_S, CircuitBreaker
from worker.settings import Settings
from worker.storage import keys
from worker.storage.errors import StoreUnavailable
from worker.storage.stores import Stores


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ModelFault("CUDA error"), "models"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk"),
        (FileNotFoundError(errno.ENOENT, "scratch"), "disk"),
        (StoreUnavailable("S3"), "s3"),
        (ConnectionResetError(errno.ECONNRESET, "a tenant's server"), None),
        (TimeoutError("a child stalled"), None),
        (JobError(ErrorCode.MEDIA_DECODE_ERROR, "the media's"), None),
        (ValueError("ours"), None),
    ],
)
def test_what_is_a_fault_of_the_workers_own(error: Exception, fault: str | None) -> None:
    assert classify_fault(error) == fault


def test_most_of_the_last_jobs() -> None:
    outcomes = RecentFaults()
    for _ in range(MOST - 1):
        outcomes.record("disk")
    assert (
        outcomes.dominant_fault() is None and outcomes.mine("disk") and not outcomes.mine("models")
    )
    outcomes.record("models")
    assert outcomes.dominant_fault() == "disk"
    for _ in range(LAST - MOST + 1):
        outcomes.record(None)
    assert outcomes.dominant_fault() is None
    outcomes.reset()
    for _ in range(MOST):
        outcomes.record("s3")
    assert outcomes.dominant_fault() == "s3"


class Consumer:
    """What Celery's consumer is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def cancel_task_queue(self, queue: str) -> None:
        self.asked.append(f"-{queue}")

    def add_task_queue(self, queue: str) -> None:
        self.asked.append(f"+{queue}")


def test_it_opens_tries_itself_ever_more_rarely_and_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes, clock, consumer = RecentFaults(), Clock(), Consumer()
    breaker = CircuitBreaker(outcomes, ("pose.cpu", "export", "maintenance"), clock)
    status, tried = 1, []

    class Check:
        def __init__(self, *_: Any, **__: Any) -> None:
            tried.append(clock.now)

        def poll(self) -> int:
            return status

    monkeypatch.setattr(module.subprocess, "Popen", Check)
    breaker.tick(consumer)
    assert breaker.queues == ("pose.cpu", "export", "maintenance") and not consumer.asked
    for _ in range(MOST):
        outcomes.record("disk")
    opened = clock.now
    for _ in range(200):
        breaker.tick(consumer)
        clock.now += 1
    assert (breaker.fault, breaker.queues) == ("disk", ("maintenance",))
    assert consumer.asked == ["-pose.cpu", "-export"]
    waits = [late - early for early, late in zip([opened, *tried], tried, strict=False)]
    assert waits[0] == FIRST_S and waits == sorted(waits) and MOST_S <= waits[-1] <= MOST_S + 2
    status = 0
    for _ in range(int(MOST_S) + 2):
        breaker.tick(consumer)
        clock.now += 1
    assert breaker.fault is None and outcomes.dominant_fault() is None
    assert consumer.asked[2:] == ["+pose.cpu", "+export"]


def test_a_job_goes_back_unharmed_but_not_for_ever(stores: Stores, squats: list[bytes]) -> None:
    def broken() -> PoseEngine:
        raise ModelFault("gone")

    job = recorded_job(stores, squats)
    outcomes = RecentFaults()
    runner = Runner(stores, broken, outcomes=outcomes)
    attempts = set()
    for _ in range(MOST_FAULTS - 1):
        runner.run(job.id)
        now = stores.jobs.get(job.id)
        attempts.add(now.attempt)
        assert not now.status.final and stores.redis.zrank(keys.QUEUED, job.id) == 0
    assert len(attempts) == 1 and now.lost == 0
    assert outcomes.dominant_fault() == "models" and RecentFaults().dominant_fault() is None
    assert stores.usage.of_month("acme").jobs == 0
    Runner(stores, lambda: cast(PoseEngine, None)).run(new_job(stores, options=OPTIONS).id)
    runner.run(job.id)
    assert stores.jobs.get(job.id).status is JobStatus.FAILED


# a worker that is not patient: jobs come back after a second, and it tries itself as often
WORKER = """
from worker.runtime import circuit_breaker, sweeper, tasks
sweeper.WAIT_S = circuit_breaker.FIRST_S = circuit_breaker.MOST_S = 1.0
tasks.app.worker_main(["worker", "-P", "prefork", "-c", "1", "-Q", "pose.cpu,maintenance",
                       "--without-gossip", "--without-mingle", "-l", "WARNING"])
"""


@pytest.mark.models
def test_a_real_worker_without_models_and_then_without_a_disk(
    stores: Stores, settings: Settings, models_dir: Path, squats: list[bytes], tmp_path: Path
) -> None:
    celery_app.app.conf.broker_url = settings.redis_url.get_secret_value()
    jobs = [recorded_job(stores, squats) for _ in range(MOST + 1)]
    stores.fair_queue.push(jobs, None)
    models, scratch, log = tmp_path / "models", tmp_path / "scratch", tmp_path / "log"
    scratch.mkdir()
    environment = {
        "POSEQUEUE_WORKER_QUEUES": "pose.cpu,maintenance",
        "POSEQUEUE_MODELS_DIR": str(models),
        "POSEQUEUE_SCRATCH_DIR": str(scratch),
    }

    def said(*words: str) -> Callable[[], bool]:
        return lambda: any(all(w in line for w in words) for line in log.read_text().splitlines())

    with Process([sys.executable, "-c", WORKER], log, environment) as worker:
        wait_for(said("breaker_opened", "models"), worker)
        wait_for(lambda: [one.fault for one in stores.workers.alive()] == ["models"], worker)
        (resting,) = stores.workers.alive()
        assert resting.queues == ("maintenance",) and not stores.workers.serves("pose.cpu")
        wait_for(said("self_check_failed", "check_models"), worker)
        for job in jobs:
            now = stores.jobs.get(job.id)
            assert not now.status.final and (now.lost, now.attempt) < (1, 3)
        assert stores.usage.of_month("acme").jobs == 0
        scratch.rename(tmp_path / "away")
        models.symlink_to(models_dir.resolve())
        wait_for(said("self_check_failed", "check_disk"), worker)
        (tmp_path / "away").rename(scratch)
        wait_for(lambda: all(stores.jobs.over(job.id) for job in jobs), worker)
        assert said("breaker_closed")()
    assert {stores.jobs.get(job.id).status for job in jobs} == {JobStatus.SUCCEEDED}
    assert stores.usage.of_month("acme").jobs == len(jobs)


def wait_for(condition: Callable[[], bool], worker: Process) -> None:
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end, worker.tail(6000)
        time.sleep(0.1)


def test_who_can_do_no_job_takes_none(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the last fault and the end of consumption: the job stays where it waits."""
    from celery.exceptions import Reject

    from worker.runtime import tasks

    outcomes = RecentFaults()
    for _ in range(MOST):
        outcomes.record("disk")
    monkeypatch.setattr(tasks, "_OUTCOMES", outcomes)
    monkeypatch.setattr(tasks, "_PAUSE_S", 0.0)
    job = new_job(stores)
    stores.fair_queue.push([job], None)
    with pytest.raises(Reject) as refused:
        tasks.run_next("pose.cpu")
    assert refused.value.requeue
    assert stores.fair_queue.length("acme") == 1 and stores.jobs.get(job.id).attempt == 0


def test_a_process_whose_models_failed_while_they_ran_ends(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they run on may stay broken in it; one that could not open them tries again."""
    from types import SimpleNamespace

    from worker.runtime import tasks

    outcomes, ended, loaded = RecentFaults(), [], SimpleNamespace(currsize=0)

    class Failing:
        def run(self, _: str) -> None:
            outcomes.record("models")

    monkeypatch.setattr(tasks, "_OUTCOMES", outcomes)
    monkeypatch.setattr(tasks, "_stores", lambda: stores)
    monkeypatch.setattr(tasks, "_runner", Failing)
    monkeypatch.setattr(tasks, "engine", SimpleNamespace(cache_info=lambda: loaded))
    monkeypatch.setattr(tasks.os, "_exit", ended.append)
    tasks._run("job_1")
    assert ended == []
    loaded.currsize = 1
    tasks._run("job_1")
    assert ended == [tasks.MODELS_FAILED]
