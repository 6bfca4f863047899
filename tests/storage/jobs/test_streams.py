"""Reading streams, and the firehose: at least once and in order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.storage.factories import counters, new_job, progress
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import JobInput, JobStatus
from worker.contract.options import JobOptions
from worker.lifecycle.completion import complete_job
from worker.storage import keys
from worker.storage.jobs.streams import rows_of
from worker.storage.stores import Stores


def fired(stores: Stores, job_id: str) -> list[dict[str, str]]:
    rows = stores.redis.xrange(keys.firehose(job_id, stores.settings.firehose_partitions))
    return [{k.decode(): v.decode() for k, v in fields.items()} for _, fields in rows]


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
    assert stores.streams.length(job_id) == 2100
    assert stores.streams.read("job_none") == []
    assert not stores.streams.hot("job_none")


def test_relay_passes_each_message_once_and_in_order(stores: Stores) -> None:
    job_id = committed(stores, *counters(1, 1500))
    assert stores.streams.relay(job_id, "acme", "events") == 1500
    assert stores.streams.relay(job_id, "acme", "events") == 0
    rows = fired(stores, job_id)
    assert [row["id"] for row in rows] == [f"{n}-1" for n in range(1, 1501)]
    assert rows[0] == {
        "job": job_id,
        "tenant": "acme",
        "id": "1-1",
        "type": "counter",
        "data": '{"type":"counter","current_count":1}',
    }


@pytest.mark.parametrize(
    ("wanted", "ids"), [("none", []), ("events", ["2-1"]), ("all", ["1-1", "2-1"])]
)
def test_what_is_wanted_is_passed_on(stores: Stores, wanted: Any, ids: list[str]) -> None:
    job_id = committed(stores, progress(1), *counters(2, 2))
    stores.streams.relay(job_id, "acme", wanted)
    assert [row["id"] for row in fired(stores, job_id)] == ids
    assert stores.streams.relay(job_id, "acme", wanted) == 0


def test_a_crash_between_commit_and_relay_loses_nothing(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, counters(1, 2))
    stores.streams.relay(job.id, "acme", "events")
    stores.leases.commit(job.id, token, counters(3, 4))  # and here the worker dies
    stores.redis.delete(keys.lease(job.id))
    stores.leases.claim(job.id)
    stores.streams.relay(job.id, "acme", "events")
    assert [row["id"] for row in fired(stores, job.id)] == ["1-1", "2-1", "3-1", "4-1"]


def test_a_crash_within_the_relay_repeats_but_never_loses(stores: Stores) -> None:
    job_id = committed(stores, *counters(1, 4))
    stores.streams.relay(job_id, "acme", "events")
    stores.redis.hset(keys.job(job_id), "fired", "2-1")  # the mark was not written any more
    stores.streams.relay(job_id, "acme", "events")
    assert [row["id"] for row in fired(stores, job_id)] == [
        "1-1", "2-1", "3-1", "4-1", "3-1", "4-1"
    ]  # fmt: skip


def test_passing_on_what_was_just_committed(stores: Stores) -> None:
    entries = [progress(1), *counters(2, 3)]
    job_id = committed(stores, *entries)
    stores.streams.pass_on(job_id, "acme", "events", [])
    assert fired(stores, job_id) == []
    stores.streams.pass_on(job_id, "acme", "events", rows_of(entries))
    passed = fired(stores, job_id)
    assert [row["id"] for row in passed] == ["2-1", "3-1"]
    assert stores.streams.relay(job_id, "acme", "events") == 0
    stores.redis.hdel(keys.job(job_id), "fired")
    stores.streams.relay(job_id, "acme", "events")
    assert fired(stores, job_id) == passed * 2  # both ways pass on the same


def turns(stores: Stores, job_id: str) -> list[tuple[str, str]]:
    rows = fired(stores, job_id)
    return [(row["id"], row["type"]) for row in rows if row["type"].startswith("job.")]


@pytest.mark.parametrize("wanted", ["none", "events", "all"])
def test_a_jobs_turns_are_told_whatever_it_wants(stores: Stores, wanted: Any) -> None:
    job = new_job(stores, options=JobOptions(firehose=wanted))
    stores.streams.put_in(stores.redis, job)
    token = stores.leases.claim(job.id).token
    stores.streams.started(stores.jobs.get(job.id))
    stores.streams.started(stores.jobs.get(job.id))
    stores.leases.commit(job.id, token, counters(1, 2))
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    last = "2-2"
    assert turns(stores, job.id) == [
        ("0-0", "job.queued"), ("0-0", "job.started"), (last, "job.succeeded")
    ]  # fmt: skip
    shown = [row["id"] for row in fired(stores, job.id) if not row["type"].startswith("job.")]
    assert shown == ([] if wanted == "none" else ["1-1", "2-1", last])
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
    stores.streams.put_in(stores.redis, job)
    token = stores.leases.claim(job.id).token
    stores.streams.started(stores.jobs.get(job.id))
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    assert fired(stores, job.id) == []


def test_the_pose_log_comes_in_pages(stores: Stores) -> None:
    for count in (0, 1, 15, 16, 17, 33):
        job = new_job(stores)
        token = stores.leases.claim(job.id).token
        for place in range(count):
            stores.leases.commit(job.id, token, place=place, log=b"%d" % place)
        assert list(stores.poses.read(job.id)) == [b"%d" % n for n in range(count)]
