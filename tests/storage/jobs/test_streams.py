"""Reading streams, and the firehose: each event once and in order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.storage.factories import counters, die, new_job, progress
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import JobInput, JobStatus
from worker.contract.options import JobOptions
from worker.lifecycle.completion import complete_job
from worker.storage import keys
from worker.storage.errors import Fenced
from worker.storage.stores import Stores


def fired(stores: Stores, job_id: str) -> list[dict[str, str]]:
    found = stores.redis.xrange(keys.firehose(job_id, stores.settings.firehose_partitions))
    rows = [{k.decode(): v.decode() for k, v in fields.items()} for _, fields in found]
    return [row for row in rows if row["job"] == job_id]


def shown(stores: Stores, job_id: str) -> list[dict[str, str]]:
    return [row for row in fired(stores, job_id) if not row["type"].startswith("job.")]


def committed(stores: Stores, *entries: Any) -> str:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, entries)
    return job.id


def test_pages_of_a_stream(stores: Stores) -> None:
    job_id = committed(stores, *counters(1, 2100))
    rows = list(stores.streams.scan(job_id))
    assert [row[0] for row in rows] == [f"{n}-1" for n in range(1, 2101)]
    assert rows[4] == ("5-1", "counter", b'{"type":"counter","current_count":5}')
    assert [row[0] for row in stores.streams.read(job_id, "2098-1")] == ["2099-1", "2100-1"]
    assert [row[0] for row in stores.streams.read(job_id, "5-1", limit=2)] == ["6-1", "7-1"]
    assert stores.streams.end(job_id) == ((2100, 2), 2100)
    assert stores.streams.read("job_none") == []
    assert not stores.streams.hot("job_none")


def test_each_message_is_put_on_the_firehose_once_and_in_order(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    for last in (3, 5, 5):  # the first ones again, as a replay commits them
        stores.leases.commit(job.id, token, counters(1, last))
    rows = shown(stores, job.id)
    assert [row["id"] for row in rows] == [f"{n}-1" for n in range(1, 6)]
    assert rows[0] == {
        "job": job.id,
        "tenant": "acme",
        "id": "1-1",
        "type": "counter",
        "data": '{"type":"counter","current_count":1}',
    }


def test_a_large_commit_reaches_the_firehose_whole(stores: Stores) -> None:
    job_id = committed(stores, *counters(1, 1500))
    assert [row["id"] for row in shown(stores, job_id)] == [f"{n}-1" for n in range(1, 1501)]


@pytest.mark.parametrize(
    ("wanted", "ids"), [("none", []), ("events", ["2-1"]), ("all", ["1-1", "2-1"])]
)
def test_what_is_wanted_is_passed_on(stores: Stores, wanted: Any, ids: list[str]) -> None:
    job = new_job(stores, options=JobOptions(firehose=wanted))
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, [progress(1), *counters(2, 2)])
    assert [row["id"] for row in shown(stores, job.id)] == ids


def test_a_worker_without_the_lease_puts_nothing_on_the_firehose(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    die(stores, job.id)
    stores.leases.claim(job.id)
    with pytest.raises(Fenced):
        stores.leases.commit(job.id, token, counters(1, 2))
    assert [kind for _, kind in turns(stores, job.id)] == ["job.queued", "job.started"]
    assert shown(stores, job.id) == []


def turns(stores: Stores, job_id: str) -> list[tuple[str, str]]:
    rows = fired(stores, job_id)
    return [(row["id"], row["type"]) for row in rows if row["type"].startswith("job.")]


@pytest.mark.parametrize("wanted", ["none", "events", "all"])
def test_a_jobs_turns_are_told_whatever_it_wants(stores: Stores, wanted: Any) -> None:
    job = new_job(stores, options=JobOptions(firehose=wanted))
    stores.jobs.create_all([job])  # once more
    token = stores.leases.claim(job.id).token
    die(stores, job.id)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, counters(1, 2))
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    last = "2-2"
    assert turns(stores, job.id) == [
        ("0-0", "job.queued"), ("0-0", "job.started"), (last, "job.succeeded")
    ]  # fmt: skip
    said = [row["id"] for row in shown(stores, job.id)]
    assert said == ([] if wanted == "none" else ["1-1", "2-1", last])
    for row in fired(stores, job.id):
        if row["type"].startswith("job."):
            data = msgspec.json.decode(row["data"])
            assert data["id"] == job.id and row["tenant"] == "acme"
            assert data["status"] in ("queued", "running", "succeeded")


def test_the_end_of_a_failed_job_says_why(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    error = JobError(ErrorCode.MEDIA_TOO_LARGE, "too large")
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.FAILED, error=error)
    row = fired(stores, job.id)[-1]
    assert row["type"] == "job.failed" and "media_too_large" in row["data"]


def test_a_hidden_jobs_turns_are_not_told(stores: Stores) -> None:
    hidden = JobInput(referenceId="ref_1")
    job = new_job(stores, input=hidden, options=JobOptions(firehose="none"))
    token = stores.leases.claim(job.id).token
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    assert fired(stores, job.id) == []


def test_the_pose_log_comes_in_pages(stores: Stores) -> None:
    for count in (0, 1, 15, 16, 17, 33):
        job = new_job(stores)
        token = stores.leases.claim(job.id).token
        for place in range(count):
            stores.leases.commit(job.id, token, place=place, log=[b"%d" % place])
        assert list(stores.poses.read(job.id)) == [b"%d" % n for n in range(count)]
