"""What a sweep deletes of erased jobs, also beside other processes and older versions."""

from __future__ import annotations

import msgspec
import pytest

from tests.storage.factories import counters, new_job
from worker.contract.jobs import Job
from worker.lifecycle import deletion
from worker.lifecycle.deletion import ErasureRecord, erase_job, sweep_erased
from worker.runtime.maintenance import due
from worker.storage import keys
from worker.storage.errors import StoreUnavailable
from worker.storage.jobs.records import ERASED_S, JobStore
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores


def told(stores: Stores) -> Job:
    """A running job with messages on the firehose."""
    job = new_job(stores)
    stores.leases.commit(job.id, stores.leases.claim(job.id).token, counters(1, 3))
    return job


def entries(stores: Stores, job: Job) -> int:
    name = keys.firehose(job.id, stores.settings.firehose_partitions)
    return [fields[b"job"] for _, fields in stores.redis.xrange(name)].count(job.id.encode())


@pytest.mark.parametrize("noted_in", [{keys.ERASED_ENTRIES}, {keys.ERASED_ENTRIES, keys.ERASED},
                                      {keys.ERASED}])  # fmt: skip
def test_what_an_api_of_the_version_before_erased(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, noted_in: set[str]
) -> None:
    job, now = told(stores), stores.clock()
    stores.jobs.erase(job)
    note = msgspec.json.encode(
        {"tenant": "acme", "job": job.id, "upload": None, "since": now - 60, "until": None}
    )
    stores.redis.set(keys.UPLOADS_SEARCHED, 1)
    for name in noted_in:
        stores.redis.zadd(name, {note: now})
    assert entries(stores, job) and due(stores)
    sweep_erased(stores)
    assert not entries(stores, job) and not due(stores)
    stores.objects.put(job_prefix("acme", job.id) + "late", b"x", "video/mp4")
    later = now + ERASED_S + 5
    monkeypatch.setattr(stores, "clock", lambda: later)
    monkeypatch.setattr(stores.erased, "_clock", lambda: later)
    sweep_erased(stores)
    assert not list(stores.objects.list_keys(job_prefix("acme", job.id)))
    assert not stores.redis.exists(keys.ERASED, keys.ERASED_ENTRIES)


def test_a_sweep_just_before_the_record_is_erased(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, erase = told(stores), JobStore.erase

    def late(self: JobStore, erased: Job) -> bool:
        sweep_erased(stores)
        return erase(self, erased)

    monkeypatch.setattr(JobStore, "erase", late)
    erase_job(stores, job)
    assert sweep_erased(stores) == 1 and not entries(stores, job)


def test_a_job_whose_objects_cannot_be_deleted_delays_no_other(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, rest = sorted((told(stores) for _ in range(3)), key=lambda job: job.id), []
    for job in jobs:
        erase_job(stores, job)

    def refused(stores: Stores, erased: ErasureRecord) -> None:
        if erased.job == jobs[0].id:
            raise StoreUnavailable("denied")
        rest.append(erased.job)

    monkeypatch.setattr(deletion, "erase_rest", refused)
    sweep_erased(stores)
    assert sorted(rest) == [job.id for job in jobs[1:]]
    assert stores.redis.zcard(keys.ERASED) == 3
