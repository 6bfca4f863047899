"""The end of a job: last words, cancellation, archive."""

from __future__ import annotations

import json

import pytest

from tests.storage.factories import Clock, contents, counters, ids, new_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import JobStatus
from worker.contract.messages import Counter
from worker.lifecycle import completion
from worker.lifecycle.archive import read_messages, read_poses, scan_messages
from worker.lifecycle.completion import archive_job, cancel_job, complete_job
from worker.lifecycle.deletion import erase_job
from worker.storage import keys
from worker.storage.errors import NotFound
from worker.storage.jobs.records import JobStore
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores


def said(stores: Stores, job_id: str) -> list[dict[str, object]]:
    return [json.loads(data) for _, _, data in stores.streams.scan(job_id)]


def test_last_words_follow_the_last_message(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, counters(1, 7))
    error = JobError(ErrorCode.MEDIA_DECODE_ERROR, "broken", {"reason": "x"})
    complete_job(
        stores,
        stores.jobs.get(job.id),
        token,
        JobStatus.FAILED,
        error=error,
        before=[Counter(current_count=7, final=True)],
    )
    assert ids(stores, job.id)[-3:] == ["7-2", "7-3", "7-4"]
    fields = {"code": "media_decode_error", "message": "broken", "details": {"reason": "x"}}
    assert said(stores, job.id)[-2:] == [
        {"type": "error", **fields},
        {"type": "done", "status": "failed", "messages": 9, "error": fields},
    ]
    over = stores.jobs.get(job.id)
    assert (over.status, over.error, over.progress) == (JobStatus.FAILED, fields, 0.0)
    assert over.finishedAt is not None


def test_a_job_that_fails_at_once_has_two_messages(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    error = JobError(ErrorCode.INTERNAL, "sorry")
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.FAILED, error=error)
    assert ids(stores, job.id) == ["0-1", "0-2"]


def test_success_is_full_progress(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    assert stores.jobs.get(job.id).progress == 1.0
    assert said(stores, job.id) == [{"type": "done", "status": "succeeded", "messages": 0}]


def test_a_canceled_job_never_starts(stores: Stores) -> None:
    job = new_job(stores)
    cancel_job(stores, job.id)
    over = stores.jobs.get(job.id)
    assert (over.status, over.attempt, over.startedAt) == (JobStatus.CANCELED, 0, None)
    messages = said(stores, job.id)
    assert [message["type"] for message in messages] == ["error", "done"]
    assert messages[0]["code"] == "canceled"
    assert messages[1]["status"] == "canceled"
    assert stores.leases.claim(job.id).outcome == "final"
    assert stores.redis.zrank(keys.QUEUED, job.id) is None
    before = contents(stores, job.id)
    cancel_job(stores, job.id)
    assert contents(stores, job.id)["messages"] == before["messages"]


def test_a_running_job_is_left_word(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    assert not stores.jobs.cancel_asked(job.id)
    cancel_job(stores, job.id)
    assert stores.jobs.cancel_asked(job.id)
    assert stores.jobs.get(job.id).status is JobStatus.RUNNING
    stores.leases.commit(job.id, token, counters(1, 1))


def test_an_erased_job_is_to_stop(stores: Stores) -> None:
    job = new_job(stores)
    stores.leases.claim(job.id)
    stores.jobs.erase(job)
    assert stores.jobs.cancel_asked(job.id)
    assert not stores.redis.exists(*keys.of_job(job.id))
    with pytest.raises(NotFound):
        stores.jobs.get(job.id)


def finish(stores: Stores, count: int = 3) -> str:
    """A finished job with a pose log and `count` counters."""
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, counters(1, count), place=0, log=[b"head"])
    stores.leases.commit(job.id, token, place=1, log=[bytes(range(256))])
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    return job.id


def test_the_archive_reads_as_the_stream_did(stores: Stores) -> None:
    job_id = finish(stores, 2500)  # more than a page
    hot = list(scan_messages(stores, "acme", job_id))
    poses = read_poses(stores, "acme", job_id)
    archive_job(stores, job_id)
    assert list(scan_messages(stores, "acme", job_id)) == hot
    stores.redis.delete(keys.messages(job_id), keys.poses(job_id))
    assert list(scan_messages(stores, "acme", job_id)) == hot
    assert read_poses(stores, "acme", job_id) == poses == [b"head", bytes(range(256))]
    after = read_messages(stores, "acme", job_id, after="2499-1", limit=10)
    assert [row[0] for row in after] == ["2500-1", "2500-2"]
    assert [row[0] for row in read_messages(stores, "acme", job_id, types=frozenset({"done"}))] == [
        "2500-2"
    ]
    assert len(read_messages(stores, "acme", job_id, limit=7)) == 7


def test_archiving_lets_the_stream_cool_down(stores: Stores) -> None:
    job_id = finish(stores)
    assert stores.redis.ttl(keys.messages(job_id)) == -1
    assert stores.jobs.unarchived.take_all(60) == [job_id]
    archive_job(stores, job_id)
    given = stores.settings
    assert 0 < stores.redis.ttl(keys.messages(job_id)) <= given.hot_ttl_s
    assert given.hot_ttl_s < stores.redis.ttl(keys.job(job_id)) <= given.record_ttl_s
    assert stores.redis.zscore(keys.CLOSED, job_id) is None


def test_a_running_job_is_not_archived(stores: Stores) -> None:
    job = new_job(stores)
    stores.leases.claim(job.id)
    stores.redis.zadd(keys.CLOSED, {job.id: stores.clock()})
    archive_job(stores, job.id)
    assert list(stores.objects.list_keys(job_prefix("acme", job.id))) == []
    assert stores.redis.ttl(keys.job(job.id)) == -1
    assert stores.redis.zscore(keys.CLOSED, job.id) is not None


def test_what_is_archived_after_the_erasure_goes_too(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = finish(stores)
    archive = completion.archive_poses

    def erase_first(stores: Stores, tenant: str, job_id: str) -> None:
        erase_job(stores, stores.jobs.get(job_id))
        archive(stores, tenant, job_id)

    monkeypatch.setattr(completion, "archive_poses", erase_first)
    archive_job(stores, job_id)
    assert list(stores.objects.list_keys(job_prefix("acme", job_id))) == []
    assert not stores.redis.exists(*keys.of_job(job_id))


def test_an_erased_job_needs_no_archive(stores: Stores) -> None:
    job_id = finish(stores)
    stores.jobs.erase(stores.jobs.get(job_id))
    stores.redis.zadd(keys.CLOSED, {job_id: stores.clock()})
    archive_job(stores, job_id)
    assert stores.redis.zscore(keys.CLOSED, job_id) is None
    assert list(stores.objects.list_keys(job_prefix("acme", job_id))) == []


def test_a_job_to_archive_comes_again_until_it_is(stores: Stores) -> None:
    clock = Clock()
    jobs = JobStore(stores.redis, clock)
    stores.redis.zadd(keys.CLOSED, {"job_x": clock.now})
    assert jobs.unarchived.take_all(120) == ["job_x"]
    assert jobs.unarchived.take_all(120) == []
    clock.now += 121
    assert jobs.unarchived.take_all(120) == ["job_x"]
    archive_job(stores, "job_x")
    clock.now += 121
    assert jobs.unarchived.take_all(120) == []


def test_who_dies_behind_the_last_commit_leaves_the_job_to_the_sweep(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    finish = stores.leases.finish

    def finish_and_die(*args: object, **more: object) -> int:
        finish(*args, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(stores.leases, "finish", finish_and_die)
    with pytest.raises(KeyboardInterrupt):
        complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    assert stores.jobs.get(job.id).status is JobStatus.SUCCEEDED
    assert stores.jobs.unarchived.take_all(120) == [job.id]
    completion.archive_job(stores, job.id)
    fired = stores.redis.xrange(keys.firehose(job.id, stores.settings.firehose_partitions))
    assert [fields[b"type"].decode() for _, fields in fired] == [
        "job.queued", "job.started", "done", "job.succeeded"
    ]  # fmt: skip
