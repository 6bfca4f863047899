"""A claimed job: finished, handed over, put back, or failed, and never lost in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Timer
from typing import Any, cast

import pytest
import redis

from tests.storage.factories import Clock, attempt_of, changed, counters, die, listed, new_job
from worker.contract.errors import JobError
from worker.contract.jobs import Job, JobInput, JobStatus, Stage
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.jobs.runner import Runner
from worker.pipeline.pipeline import Pipeline
from worker.pose.engine import PoseEngine
from worker.storage import keys
from worker.storage.clock import unix
from worker.storage.errors import StoreUnavailable
from worker.storage.queue.fair_queue import LATER
from worker.storage.stores import Stores

OPTIONS = JobOptions(exercise="squat", keypoints=True)


def runner(stores: Stores, stopping: Callable[[], bool] = lambda: False) -> Runner:
    """A runner whose jobs bring their poses along."""
    return Runner(stores, lambda: cast(PoseEngine, None), stopping)


def recorded_job(stores: Stores, log: list[bytes], **fields: Any) -> Job:
    """A queued job that a first worker has estimated and then let go of."""
    key = JobInput(key="uploads/acme/upl_1")
    stores.objects.put("uploads/acme/upl_1", b"never decoded", "video/mp4")
    job = new_job(stores, **{"options": OPTIONS, "input": key, **fields})
    token = stores.leases.claim(job.id).token
    for place, entry in enumerate(log):
        stores.leases.commit(job.id, token, place=place, log=[entry])
    stores.leases.release(job, token, LATER, None)
    return job


def rows(stores: Stores, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    return [(entry, json.loads(data)) for entry, _, data in stores.streams.scan(job_id)]


def expected(log: list[bytes]) -> list[tuple[str, dict[str, Any]]]:
    steps = Pipeline(None, OPTIONS, None, log).steps()
    return [(e.id, json.loads(encode(e.message))) for step in steps for e in step.entries]


def without_links(said: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str]]:
    return [(entry, message["type"]) for entry, message in said]


def test_a_job_is_finished(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats)
    runner(stores).run(job.id)
    over = stores.jobs.get(job.id)
    assert over.status is JobStatus.SUCCEEDED
    assert over.result is not None
    assert over.result.count == 2
    said = rows(stores, job.id)
    assert said[:-1] == expected(squats)
    assert said[-1][1] == {"type": "done", "status": "succeeded", "messages": len(said) - 1}
    assert stores.jobs.unarchived.take_all(60) == [job.id]
    assert listed(stores) == []
    runner(stores).run(job.id)  # a second delivery
    assert rows(stores, job.id) == said


def test_large_messages_travel_as_a_claim_check(
    stores: Stores, squats: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    monkeypatch.setattr(stores.settings, "inline_bytes", 1000)
    job = recorded_job(stores, squats)
    runner(stores).run(job.id)
    said = rows(stores, job.id)
    whole = expected(squats)
    assert without_links(said[:-1]) == without_links(whole)
    check = next(message for _, message in said if message["type"] == "keypoints_batch")
    batch = next(message for _, message in whole if message["type"] == "keypoints_batch")
    assert set(check) == {"type", "fps", "url", "bytes"}
    stored = httpx.get(check["url"])
    assert len(stored.content) == check["bytes"]
    assert stored.json() == batch


def test_a_job_is_handed_over_and_goes_on(
    stores: Stores, squats: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.jobs.committer.MOST_BYTES", 1)
    job = recorded_job(stores, squats)
    stops = iter([False, False, True])
    runner(stores, lambda: next(stops)).run(job.id)
    now = stores.jobs.get(job.id)
    assert not now.status.final
    assert listed(stores) == [(job.id, "pose.cpu")]
    assert 0 < stores.streams.end(job.id)[1] < len(expected(squats))
    runner(stores).run(job.id)
    assert rows(stores, job.id)[:-1] == expected(squats)
    assert stores.jobs.get(job.id).lost == 0


def test_a_job_with_export_is_passed_on(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats, options=JobOptions(exercise="squat", export=True))
    runner(stores).run(job.id)
    now = stores.jobs.get(job.id)
    assert (now.status, now.stage) == (JobStatus.RUNNING, Stage.EXPORT)
    assert listed(stores) == [(job.id, "export")]
    claim = stores.leases.claim(job.id)
    assert (claim.outcome, attempt_of(claim)) == ("run", now.attempt)  # no new one for the export


def test_each_export_is_told_once_whoever_dies(
    stores: Stores, squats: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies over the second file; the next one makes what is missing, and no more."""
    options = JobOptions(exercise="squat", export=("keypoints",))
    job = recorded_job(stores, squats, options=options)
    runner(stores).run(job.id)
    put_file = stores.objects.put_file

    def dying(key: str, *rest: Any) -> int:
        if key.endswith(".parquet"):
            raise KeyboardInterrupt
        return put_file(key, *rest)

    monkeypatch.setattr(stores.objects, "put_file", dying)
    with pytest.raises(KeyboardInterrupt):
        runner(stores).run(job.id)
    monkeypatch.setattr(stores.objects, "put_file", put_file)
    die(stores, job.id)
    assert [one.kind for one in stores.jobs.get(job.id).exports] == ["keypoints"]
    runner(stores).run(job.id)
    over = stores.jobs.get(job.id)
    types = ["application/x-ndjson", "application/vnd.apache.parquet"]
    assert (over.status, [one.mimeType for one in over.exports]) == (JobStatus.SUCCEEDED, types)
    assert len({one.key.rpartition("/")[2].partition("-")[0] for one in over.exports}) == 2
    said = rows(stores, job.id)
    ready = [message for _, message in said if message["type"] == "export_ready"]
    assert [message["mimeType"] for message in ready] == types
    assert [message["bytes"] for message in ready] == [one.bytes for one in over.exports]
    assert said[-1][1] == {"type": "done", "status": "succeeded", "messages": len(said) - 1}


@pytest.mark.parametrize("end", ["hand over", "put back", "pass on"])
def test_who_dies_while_letting_go_loses_no_job(
    stores: Stores, squats: list[bytes], monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Between the release of the lease and the next command."""
    options = JobOptions(exercise="squat", export=end == "pass on")
    job = recorded_job(stores, squats, options=options)
    release = stores.leases.release

    def broken(*_: Any, **__: Any) -> int:
        raise StoreUnavailable("S3")

    def dying(*args: Any, **more: Any) -> None:
        release(*args, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(stores.leases, "release", dying)
    if end == "put back":
        monkeypatch.setattr(stores.leases, "commit", broken)
    with pytest.raises(KeyboardInterrupt):
        runner(stores, lambda: end == "hand over").run(job.id)
    assert stores.redis.zscore(keys.RUNNING, job.id) is None
    if end == "put back":
        assert stores.redis.zrank(keys.QUEUED, job.id) == 0
    else:
        assert listed(stores) == [(job.id, "export" if end == "pass on" else "pose.cpu")]


def test_a_redis_that_refuses_for_a_while_costs_no_attempt(
    stores: Stores, squats: list[bytes]
) -> None:
    """`NOREPLICAS`, as of a primary that has lost its replicas."""
    job = recorded_job(stores, squats)
    refused, commit = [], stores.leases.commit

    def refusing(*args: Any, **more: Any) -> int:
        if not refused:
            refused.append(True)
            stores.redis.config_set("min-replicas-to-write", 1)
            Timer(1.2, stores.redis.config_set, ("min-replicas-to-write", 0)).start()
        return commit(*args, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stores.leases, "commit", refusing)
        runner(stores).run(job.id)
    over = stores.jobs.get(job.id)
    assert (over.status, over.attempt, over.lost) == (JobStatus.SUCCEEDED, 2, 0)
    assert rows(stores, job.id)[:-1] == expected(squats)


@pytest.mark.parametrize(
    "error", [StoreUnavailable("S3"), redis.ConnectionError("gone"), redis.TimeoutError("slow")]
)
def test_a_store_that_is_away_for_a_while_fails_no_job(
    stores: Stores,
    squats: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    job = recorded_job(stores, squats)
    commit, failed = stores.leases.commit, []

    def flaky(*args: Any, **more: Any) -> int:
        if not failed and not more.get("release"):
            failed.append(args)
            raise error
        return commit(*args, **more)

    monkeypatch.setattr(stores.leases, "commit", flaky)
    runner(stores).run(job.id)
    assert not stores.jobs.get(job.id).status.final
    assert stores.redis.zrank(keys.QUEUED, job.id) == 0
    runner(stores).run(job.id)
    assert rows(stores, job.id)[:-1] == expected(squats)


def failed_with(stores: Stores, job: Job) -> tuple[str, str, list[str]]:
    over = stores.jobs.get(job.id)
    assert over.error is not None
    kinds = [message["type"] for _, message in rows(stores, job.id)]
    return over.status.value, over.error["code"], kinds[-2:]


LAST = ["error", "done"]


def test_an_upload_that_is_not_there(stores: Stores, squats: list[bytes]) -> None:
    for source, code in (("video", "video_load_error"), ("image", "image_load_error")):
        job = recorded_job(stores, squats, input=JobInput(key="uploads/none"), source=source)
        runner(stores).run(job.id)
        assert failed_with(stores, job) == ("failed", code, LAST)


def test_a_deadline_that_has_passed(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats, deadlineAt="2026-01-01T00:00:00Z")
    runner(stores).run(job.id)
    assert failed_with(stores, job) == ("failed", "deadline_exceeded", LAST)


def test_deadlines_are_told_by_redis_clock(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats, deadlineAt="2026-01-01T00:10:00Z")
    then = Clock(unix("2026-01-01T00:00:00Z"))  # by this machine's clock it is long past
    runner(changed(stores, clock=then)).run(job.id)
    assert stores.jobs.get(job.id).status is JobStatus.SUCCEEDED


def test_a_canceled_job_ends_as_canceled(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats)

    def cancel() -> bool:
        stores.jobs.ask_cancel(job.id)
        return False

    runner(stores, cancel).run(job.id)
    assert failed_with(stores, job) == ("canceled", "canceled", LAST)


def test_a_job_that_kills_its_workers_is_given_up(stores: Stores) -> None:
    job = new_job(stores)
    for _ in range(stores.settings.max_lost):
        stores.leases.claim(job.id)
        die(stores, job.id)
    runner(stores).run(job.id)
    assert failed_with(stores, job) == ("failed", "worker_lost", LAST)


def test_a_defect_of_ours_fails_the_job_and_tells_nothing(
    stores: Stores, squats: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Pipeline, "steps", broken)
    job = recorded_job(stores, squats)
    runner(stores).run(job.id)
    assert failed_with(stores, job) == ("failed", "internal", LAST)
    assert "secret" not in json.dumps(rows(stores, job.id))


def test_a_job_that_was_taken_over_is_left_alone(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats)
    taken: list[int] = []

    def overtaken() -> bool:
        if not taken:
            die(stores, job.id)
            taken.append(stores.leases.claim(job.id).token)
            stores.leases.commit(job.id, taken[0], counters(1, 1))
        return False

    runner(stores, overtaken).run(job.id)
    assert [entry for entry, _ in rows(stores, job.id)] == ["1-1"]
    assert not stores.jobs.get(job.id).status.final
    stores.leases.extend(job.id, taken[0])


def test_nothing_is_fetched_for_a_job_that_does_not_exist(stores: Stores) -> None:
    runner(stores).run("job_none")
    assert not stores.redis.exists(*keys.of_job("job_none"))


def test_errors_of_the_analysis_are_the_jobs(stores: Stores, squats: list[bytes]) -> None:
    job = recorded_job(stores, squats, options=JobOptions(reference="none"))
    with pytest.raises(JobError):
        list(Pipeline(None, job.options, None, squats).steps())
    runner(stores).run(job.id)
    assert failed_with(stores, job) == ("failed", "reference_not_found", LAST)
