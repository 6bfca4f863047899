"""Job records."""

from __future__ import annotations

import msgspec
import pytest

from tests.storage.factories import Clock, new_job
from worker.contract.jobs import Export, Result, Stage
from worker.storage import keys
from worker.storage.clock import iso
from worker.storage.errors import NotFound
from worker.storage.jobs.records import JobStore
from worker.storage.queue.fair_queue import FairQueue
from worker.storage.stores import Stores


def test_a_record_comes_back_as_it_was_stored(stores: Stores) -> None:
    job = new_job(
        stores, metadata={"ref": 'a"b', "n": [1, None]}, deadlineAt="2027-01-01T00:00:00Z"
    )
    assert stores.jobs.get(job.id) == job
    export = Export(kind="video", key="k", mimeType="video/mp4", bytes=5)
    fields = {"exports": [export], "stage": Stage.EXPORT, "result": Result(count=5)}
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, fields=fields)
    now = stores.jobs.get(job.id)
    changed = {"status", "attempt", "startedAt", *fields}
    assert (now.exports, now.stage, now.result) == ((export,), Stage.EXPORT, Result(count=5))
    for name in set(job.__struct_fields__) - changed:
        assert getattr(now, name) == getattr(job, name), name


def test_a_job_of_another_tenant_is_not_found(stores: Stores) -> None:
    job = new_job(stores, tenant="umbrella")
    assert stores.jobs.get(job.id, "umbrella").id == job.id
    for tenant, job_id in (("acme", job.id), ("umbrella", "job_none")):
        with pytest.raises(NotFound):
            stores.jobs.get(job_id, tenant)


def test_what_a_late_writer_left_is_no_job(stores: Stores) -> None:
    stores.jobs.ask_cancel("job_late")
    with pytest.raises(NotFound):
        stores.jobs.get("job_late")


def test_pages_newest_first_even_of_one_instant(stores: Stores) -> None:
    clock = Clock()
    jobs = JobStore(stores.redis, clock)
    made = []
    for n in range(7):
        clock.now += n % 2
        job = msgspec.structs.replace(new_job(stores), id=f"same_{n}", tenant="page")
        jobs.create_all([job])
        made.append(job.id)
    seen: list[str] = []
    after = None
    while rows := jobs.page("page", after, limit=2):
        seen += [job_id for _, job_id, _ in rows]
        after = rows[-1][0], rows[-1][1]
    assert seen == made[::-1]


def test_an_expired_record_leaves_the_list(stores: Stores) -> None:
    first, second = new_job(stores), new_job(stores)
    stores.redis.delete(keys.job(first.id))
    rows = stores.jobs.page("acme")
    assert [(job_id, job is None) for _, job_id, job in rows] == [
        (second.id, False), (first.id, True)
    ]  # fmt: skip
    assert [job_id for _, job_id, _ in stores.jobs.page("acme")] == [second.id]


def test_jobs_in_no_queue_are_taken_in_order_each_by_one(stores: Stores) -> None:
    clock = Clock()
    waiting = FairQueue(stores.redis, clock)
    first, second = new_job(stores), new_job(stores)
    for job in (first, second):
        clock.now += 10
        stores.redis.zadd(keys.QUEUED, {job.id: clock.now})
    assert waiting.unclaimed.take_all(15, late_s=15) == []
    clock.now += 6
    assert waiting.unclaimed.take_all(15, late_s=15) == [first.id]
    assert waiting.unclaimed.take_all(15, late_s=15) == []
    clock.now += 15
    assert waiting.unclaimed.take_all(15, late_s=15) == [second.id, first.id]


def test_times_are_utc_to_the_millisecond() -> None:
    assert iso(0.0625) == "1970-01-01T00:00:00.062Z"
    assert iso(1_800_000_000) == "2027-01-15T08:00:00.000Z"
