"""Commits go on beside the work that follows: one at a time, in order, none behind a failed one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.storage.factories import counters, die, ids, new_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job
from worker.jobs.committer import StepCommitter
from worker.jobs.heartbeat import Heartbeat
from worker.jobs.leased_job import LeasedJob, WorkerStopping
from worker.pipeline.pipeline import Step
from worker.storage.errors import Fenced, StoreUnavailable
from worker.storage.stores import Stores

WAIT_S = 60
DAMAGED = JobError(ErrorCode.MEDIA_DECODE_ERROR, "damaged")


@pytest.fixture
def job(stores: Stores) -> Job:
    return new_job(stores)


def leased_by(stores: Stores, job: Job, stopping: Callable[[], bool] = lambda: False) -> LeasedJob:
    beats = cast(Heartbeat, SimpleNamespace(lost=False))
    return LeasedJob(stores, job, stores.leases.claim(job.id).token, beats, stopping)


def chunk(place: int) -> Step:
    """A log entry and its one message."""
    return Step(counters(place + 1, place + 1), place, b"chunk %d" % place)


def publish(publisher: StepCommitter, *places: int) -> None:
    for place in places:
        publisher.add(chunk(place), {"progress": place / 10})


def run(leased: LeasedJob, *places: int, error: Exception | None = None) -> None:
    """A whole run, which ends in `error` where one is given."""
    with StepCommitter(leased) as publisher:
        publish(publisher, *places)
        if error:
            raise error
        publisher.finish()


def committed(stores: Stores, job: Job) -> list[bytes]:
    """The log, once it is sure that the stream tells of the same chunks."""
    log = list(stores.poses.read(job.id))
    assert log == [b"chunk %d" % place for place in range(len(log))]
    assert ids(stores, job.id) == [f"{place + 1}-1" for place in range(len(log))]
    return log


@pytest.fixture
def gate(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Commits that wait for `open`; `busy` is how many of them are at it, `most` how many were."""
    commit = stores.leases.commit
    found = SimpleNamespace(open=threading.Event(), begun=threading.Semaphore(0), busy=0, most=0)

    def waiting(*args: Any, **more: Any) -> int:
        found.busy += 1
        found.most = max(found.most, found.busy)
        found.begun.release()
        try:
            assert found.open.wait(WAIT_S)
            return commit(*args, **more)
        finally:
            found.busy -= 1

    monkeypatch.setattr(stores.leases, "commit", waiting)
    return found


def failing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, place: int, error: Exception
) -> list[int]:
    """The commit of the chunk at `place` raises; the places that were tried."""
    commit, tried = stores.leases.commit, []

    def fail(*args: Any, **more: Any) -> int:
        tried.append(more["place"])
        if more["place"] == place:
            raise error
        return commit(*args, **more)

    monkeypatch.setattr(stores.leases, "commit", fail)
    return tried


def test_work_goes_on_beside_one_commit(stores: Stores, job: Job, gate: SimpleNamespace) -> None:
    with StepCommitter(leased_by(stores, job)) as publisher:
        publish(publisher, 0)  # does not wait
        assert gate.begun.acquire(timeout=WAIT_S)
        second = threading.Thread(target=publish, args=(publisher, 1, 2))
        second.start()
        assert not gate.begun.acquire(timeout=0.2)  # the second commit waits for the first
        assert committed(stores, job) == []
        gate.open.set()
        second.join()
        publish(publisher, 3)
        publisher.finish()
        assert len(committed(stores, job)) == 4
    assert gate.most == 1


def test_nothing_is_committed_behind_a_failure(
    stores: Stores, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = failing(stores, monkeypatch, 1, StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        run(leased_by(stores, job), 0, 1, 2, 3)
    assert tried == [0, 1]
    assert len(committed(stores, job)) == 1


def test_the_last_failure_is_told_too(
    stores: Stores, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(stores, monkeypatch, 1, StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        run(leased_by(stores, job), 0, 1)


def test_a_lost_lease_ends_it(stores: Stores, job: Job) -> None:
    leased = leased_by(stores, job)
    run(leased, 0)
    die(stores, job.id)
    stores.leases.claim(job.id)
    with pytest.raises(Fenced):
        run(leased, 1, 2, 3)
    assert len(committed(stores, job)) == 1


def test_a_commit_that_failed_comes_before_what_failed_after_it(
    stores: Stores, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the job would be failed for its file, by a worker that has lost it."""
    failing(stores, monkeypatch, 0, Fenced(job.id))
    with pytest.raises(Fenced):
        run(leased_by(stores, job), 0, error=DAMAGED)


@pytest.mark.parametrize("end", ["the file is damaged", "the worker is to stop"])
def test_who_leaves_waits_for_the_commit_under_way(
    stores: Stores, job: Job, gate: SimpleNamespace, end: str
) -> None:
    """What comes next releases the lease, or says `done`."""
    stop = end == "the worker is to stop"
    timer = threading.Timer(0.2, gate.open.set)
    timer.start()
    with pytest.raises(WorkerStopping if stop else JobError):
        run(leased_by(stores, job, lambda: stop), 0, error=DAMAGED)
    assert len(committed(stores, job)) == 1
    timer.join()
