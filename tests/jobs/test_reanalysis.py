"""Another job's poses analysed again: the same messages in few commits, whoever dies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from tests.storage.factories import die, new_job
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.jobs.runner import Runner
from worker.pipeline.pipeline import Pipeline
from worker.pose.engine import PoseEngine
from worker.storage import keys
from worker.storage.errors import Fenced
from worker.storage.stores import Stores

OPTIONS = JobOptions(
    exercise="squat", keypoints=True, angles=True, progression=True, recommendations=True,
    firehose="all",
)  # fmt: skip
Commits = list[int]


def runner(stores: Stores, stopping: Callable[[], bool] = lambda: False) -> Runner:
    return Runner(stores, lambda: cast(PoseEngine, pytest.fail("no model is needed")), stopping)


@pytest.fixture
def again(stores: Stores, squats: list[bytes]) -> Job:
    """A queued job over the poses of one that a worker has estimated."""
    first = new_job(stores)
    token = stores.leases.claim(first.id).token
    stores.leases.commit(first.id, token, place=0, log=squats)
    return new_job(stores, options=OPTIONS, input=JobInput(posesOf=first.id))


@pytest.fixture
def commits(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Commits:
    """How many messages each commit brought; none is made because time has passed."""
    monkeypatch.setattr("worker.jobs.committer.MOST_S", 1e9)
    seen: Commits = []
    commit = stores.leases.commit

    def counted(job_id: str, token: int, **more: Any) -> int:
        seen.append(len(more["rows"]))
        return commit(job_id, token, **more)

    monkeypatch.setattr(stores.leases, "commit", counted)
    return seen


def fresh(log: list[bytes]) -> list[tuple[str, dict[str, Any]]]:
    steps = Pipeline(None, OPTIONS, None, log).steps()
    return [(e.id, json.loads(encode(e.message))) for step in steps for e in step.entries]


def said(stores: Stores, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    rows = [(entry, json.loads(data)) for entry, _, data in stores.streams.scan(job_id)]
    return [(entry, message) for entry, message in rows if message["type"] != "done"]


def relayed(stores: Stores, job_id: str) -> list[str]:
    """Ids of the job's messages on the firehose."""
    rows = stores.redis.xrange(keys.firehose(job_id, 8))
    mine = [fields for _, fields in rows if fields[b"job"].decode() == job_id]
    return [f[b"id"].decode() for f in mine if not f[b"type"].startswith(b"job.")]


def test_the_messages_are_those_of_the_first_run(
    stores: Stores, again: Job, squats: list[bytes], commits: Commits
) -> None:
    runner(stores).run(again.id)
    over = stores.jobs.get(again.id)
    assert (over.status, over.progress) == (JobStatus.SUCCEEDED, 1.0)
    assert said(stores, again.id) == fresh(squats)
    assert list(stores.poses.read(again.id)) == squats
    assert commits[0] == 0 and len(commits) == 3  # the log, the opening and the rest, before `done`
    everything = [entry for entry, _, _ in stores.streams.scan(again.id)]
    assert relayed(stores, again.id) == everything


def test_a_commit_holds_so_many_bytes(
    stores: Stores, again: Job, squats: list[bytes], commits: Commits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("worker.jobs.committer.MOST_BYTES", 20_000)
    runner(stores).run(again.id)
    whole = fresh(squats)
    assert said(stores, again.id) == whole
    sizes = [len(data) for _, kind, data in stores.streams.scan(again.id) if "batch" not in kind]
    assert sum(sizes) / 22_000 < len(commits) < 5 + sum(sizes) / 20_000
    assert max(commits) < 0.2 * len(whole)


@pytest.mark.parametrize("pieces", [1, 20_000, 1_000_000])
def test_who_goes_on_for_a_dead_worker_says_nothing_twice(
    stores: Stores, again: Job, squats: list[bytes], monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    """It dies behind its third commit, whatever pieces its successor makes."""
    monkeypatch.setattr("worker.jobs.committer.MOST_BYTES", 2_000)
    looked = iter(range(1, 100))

    def dying() -> bool:
        if next(looked) == 4:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        runner(stores, dying).run(again.id)
    die(stores, again.id)
    before = said(stores, again.id)
    assert 0 < len(before) < len(fresh(squats))
    monkeypatch.setattr("worker.jobs.committer.MOST_BYTES", pieces)
    runner(stores).run(again.id)
    assert said(stores, again.id) == fresh(squats)
    ids = [entry for entry, _, _ in stores.streams.scan(again.id)]
    assert relayed(stores, again.id) == ids
    assert stores.jobs.get(again.id).status is JobStatus.SUCCEEDED


def test_a_copy_of_a_log_is_fenced_and_goes_on_where_it_ends(stores: Stores) -> None:
    job = new_job(stores)
    stale = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, stale, place=0, log=[b"head", b"one"])
    die(stores, job.id)
    fresh_token = stores.leases.claim(job.id).token
    with pytest.raises(Fenced):
        stores.leases.commit(job.id, stale, place=2, log=[b"two"])
    stores.leases.commit(job.id, fresh_token, place=0, log=[b"other", b"other", b"two", b"three"])
    stores.leases.commit(job.id, fresh_token, place=1, log=[b"other"])
    assert list(stores.poses.read(job.id)) == [b"head", b"one", b"two", b"three"]
    with pytest.raises(Exception, match="gap"):
        stores.leases.commit(job.id, fresh_token, place=5, log=[b"five"])


def test_poses_that_are_gone(stores: Stores) -> None:
    job = new_job(stores, options=OPTIONS, input=JobInput(posesOf="job_none"))
    runner(stores).run(job.id)
    assert stores.jobs.get(job.id).error == {
        "code": "video_load_error",
        "message": "The poses to analyse are not there any more.",
    }
