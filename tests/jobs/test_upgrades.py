"""Older and newer workers side by side: what one does not know is left whole for the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.jobs.test_runner import expected, recorded_job, rows
from tests.storage.factories import Clock, changed, die, new_job
from worker.contract.jobs import SUPPORTED_JOB_VERSION, JobStatus
from worker.jobs.runner import MOST_WITHOUT_MODEL, Runner
from worker.pose.engine import PoseEngine
from worker.pose.model_factory import open_model
from worker.queueing import dispatch
from worker.queueing.dispatch import dispatch_next
from worker.runtime import sweeper
from worker.runtime.maintenance import run_maintenance
from worker.storage import keys
from worker.storage.errors import Newer
from worker.storage.jobs.leases import LeaseStore
from worker.storage.queue.fair_queue import LATER
from worker.storage.queue.workers import WorkerStore
from worker.storage.stores import Stores

NEWER = str(SUPPORTED_JOB_VERSION + 1)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tickets and tasks go nowhere."""
    monkeypatch.setattr(dispatch, "send_wakeups", lambda *_: None)
    monkeypatch.setattr(sweeper, "send_maintenance", lambda: None)


def runs(stores: Stores) -> Callable[[str], None]:
    """A worker whose jobs bring their poses along."""
    return Runner(stores, lambda: cast(PoseEngine, None)).run


def newer(stores: Stores) -> Stores:
    """The same of a worker that knows one version more."""
    leases = LeaseStore(stores.redis, stores.leases.ttl_s, known=SUPPORTED_JOB_VERSION + 1)
    return changed(stores, leases=leases)


def test_an_ended_job_that_only_newer_code_reads_is_left_to_its_archive(
    stores: Stores, squats: list[bytes]
) -> None:
    job = recorded_job(stores, squats)
    runs(stores)(job.id)
    newer_fields = {"version": str(SUPPORTED_JOB_VERSION + 1), "plan": '"galactic"'}
    stores.redis.hset(keys.job(job.id), mapping=newer_fields)
    run_maintenance(stores)
    assert stores.redis.zscore(keys.CLOSED, job.id) is not None
    assert stores.redis.ttl(keys.job(job.id)) == -1


def test_what_is_not_known_of_a_record_stays(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats)
    name = keys.job(job.id)
    options = json.dumps({**json.loads(stores.redis.hget(name, "options")), "shoes": "red"})
    later = {"options": options, "futureRecord": '{"a": 1}', "future": "no JSON"}
    stores.redis.hset(name, mapping=later)
    runs(stores)(job.id)
    assert stores.jobs.get(job.id).status is JobStatus.SUCCEEDED
    assert rows(stores, job.id)[:-1] == expected(squats)
    kept = stores.redis.hmget(name, *later)
    assert [value.decode() for value in kept] == list(later.values())


@pytest.mark.parametrize("readable", [True, False])
def test_a_job_of_a_newer_version_waits_for_a_newer_worker(
    stores: Stores, squats: list[bytes], capsys: pytest.CaptureFixture[str], readable: bool
) -> None:
    job = recorded_job(stores, squats)
    before = stores.jobs.get(job.id)
    stores.redis.hset(keys.job(job.id), "version", NEWER)
    if not readable:
        stores.redis.hset(keys.job(job.id), "stage", '"dance"')
    stores.fair_queue.push([job], None)
    assert dispatch_next(stores, runs(stores), "pose.cpu") == job.id
    told = "".join(capsys.readouterr())
    assert "job_not_taken" in told and "newer" in told
    status, attempt, lost = stores.redis.hmget(keys.job(job.id), "status", "attempt", "lost")
    assert (json.loads(status), int(attempt), int(lost)) == ("running", before.attempt, 0)
    # nor does a sweep stumble over it, or over its lease that ran out
    stores.redis.zincrby(keys.QUEUED, -sweeper.WAIT_S - 1, job.id)
    stores.redis.zadd(keys.RUNNING, {job.id: 1})
    other = new_job(stores)
    stores.redis.zincrby(keys.QUEUED, -sweeper.WAIT_S - 1, other.id)
    sweeper.sweep(stores)
    assert stores.fair_queue.place(other) is not None
    if readable:
        pulled = {found[0] for _ in range(2) if (found := stores.fair_queue.pop("pose.cpu"))}
        assert pulled == {job.id, other.id}
        runs(newer(stores))(job.id)
        assert stores.jobs.get(job.id).status is JobStatus.SUCCEEDED
        assert rows(stores, job.id)[:-1] == expected(squats)
    else:
        with pytest.raises(Newer):
            stores.jobs.get(job.id)
        assert stores.redis.zscore(keys.QUEUED, job.id) is not None  # for a newer one's sweep
        assert [row[1] for row in stores.jobs.page("acme")] == [other.id]


def test_a_job_begun_by_an_older_worker_is_gone_on_with(
    stores: Stores, squats: list[bytes]
) -> None:
    """It has written a record and a head of its log without what came later, and died; what is to
    be estimated yet is brought along."""
    job = recorded_job(stores, [])
    name = keys.job(job.id)
    stores.redis.hdel(name, "version", "eraseUpload", "owner", "trace", "batchId", "webhook")
    head = json.loads(squats[0])
    for field in ("segment_s", "version", "keypoints"):
        head.pop(field, None)
    token = stores.leases.claim(job.id).token
    for place, entry in enumerate([json.dumps(head).encode(), *squats[1:3]]):
        stores.leases.commit(job.id, token, place=place, log=[entry])
    die(stores, job.id)
    token = stores.leases.claim(job.id).token
    for place, entry in enumerate(squats[3:], 3):
        stores.leases.commit(job.id, token, place=place, log=[entry])
    stores.leases.release(job, token, LATER, None)
    runs(stores)(job.id)
    assert stores.jobs.get(job.id).status is JobStatus.SUCCEEDED
    assert rows(stores, job.id)[:-1] == expected(squats)


@pytest.fixture
def lacking(stores: Stores, tmp_path: Path) -> Callable[[str], None]:
    """A worker without any model."""

    def without_models() -> PoseEngine:
        open_model("movenet_lightning", tmp_path, "cpu")
        raise AssertionError

    stores.workers.beat("lacking", "cpu", ("pose.cpu",), 1, None, ())
    return Runner(stores, without_models).run


def refusal(stores: Stores, job_id: str) -> str:
    return (stores.jobs.get(job_id).error or {})["message"]


def test_a_job_whose_model_a_worker_lacks_is_left_to_another(
    stores: Stores, squats: list[bytes], lacking: Callable[[str], None]
) -> None:
    """However often, as the other may be busy; faults of machines are counted apart."""
    stores.workers.beat("busy", "cpu", ("pose.cpu",), 1, None, ("movenet_lightning",))
    job = recorded_job(stores, squats)
    for _ in range(MOST_WITHOUT_MODEL):
        stores.jobs.count(job.id, "faults")
        lacking(job.id)
        assert not stores.jobs.get(job.id).status.final
    assert stores.redis.zscore(keys.QUEUED, job.id) is not None
    runs(stores)(job.id)
    done = stores.jobs.get(job.id)
    assert (done.status, done.attempt) == (JobStatus.SUCCEEDED, 2)  # of which one began the log


def test_a_job_whose_model_no_worker_has_fails_at_once(
    stores: Stores, lacking: Callable[[str], None]
) -> None:
    stores.workers.beat("elsewhere", "cpu", ("export",), 1, None, ("movenet_lightning",))
    job = recorded_job(stores, [])
    lacking(job.id)
    assert "does not have the model movenet_lightning" in refusal(stores, job.id)


def test_a_job_that_has_begun_waits_for_its_worker_to_start_again(
    stores: Stores, squats: list[bytes], lacking: Callable[[str], None]
) -> None:
    job = recorded_job(stores, squats)
    stores.jobs.count(job.id, "faults")
    for _ in range(MOST_WITHOUT_MODEL):
        assert not stores.jobs.get(job.id).status.final
        lacking(job.id)
    assert "does not have the model movenet_lightning" in refusal(stores, job.id)


def test_workers_of_before_may_have_any_model(
    stores: Stores, lacking: Callable[[str], None]
) -> None:
    """Their heartbeats name none."""
    stores.workers.beat("older", "cpu", ("pose.cpu",), 1)
    job = recorded_job(stores, [])
    lacking(job.id)
    assert not stores.jobs.get(job.id).status.final


def test_a_worker_of_an_unknown_kind_is_not_counted_on(stores: Stores) -> None:
    workers = WorkerStore(stores.redis, Clock())
    workers.beat("a", "cpu", ("export",), 1)
    stores.redis.hset(keys.WORKERS, "b", b'{"name":"b","kind":"quantum"}')
    assert [one.name for one in workers.alive()] == ["a"]


def test_tasks_with_more_than_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from worker.runtime import tasks

    ran: list[str] = []
    monkeypatch.setattr(tasks, "exchange", lambda _stores, _run, waiting: ran.append(waiting))
    tasks.run_next("pose.cpu", urgency=3)
    assert ran == ["pose.cpu"]
