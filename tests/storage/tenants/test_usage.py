"""Each job is counted once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.storage.factories import new_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job, JobInput, JobStatus, Usage
from worker.contract.media import MediaInfo
from worker.lifecycle.completion import archive_job, cancel_job, complete_job
from worker.lifecycle.deletion import erase_job
from worker.storage.errors import Fenced
from worker.storage.stores import Stores
from worker.storage.tenants.usage import MonthUsage, next_month

MEDIA = MediaInfo(kind="video", duration_ms=60_000, width=64, height=48, fps=30, codec="h264")


def used(stores: Stores) -> tuple[int, float, float]:
    found = stores.usage.of_month("acme")
    return found.jobs, found.mediaSeconds, found.computeSeconds


def begin(stores: Stores, progress: float = 0.25, **more: Any) -> tuple[Job, int]:
    """A job that is under way."""
    job = new_job(stores, **more)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, fields={"progress": progress, "media": MEDIA})
    return job, token


def finish(stores: Stores, seconds: float = 12.5, **more: Any) -> Job:
    job, token = begin(stores, **more)
    usage = Usage(mediaSeconds=seconds, computeSeconds=3.0)
    complete_job(stores, job, token, JobStatus.SUCCEEDED, fields={"usage": usage})
    return job


def fail(stores: Stores, code: ErrorCode, progress: float = 0.25) -> None:
    job, token = begin(stores, progress)
    status = JobStatus.CANCELED if code is ErrorCode.CANCELED else JobStatus.FAILED
    complete_job(stores, job, token, status, error=JobError(code, "x"))


def test_a_job_counts_once_whatever_is_repeated(stores: Stores) -> None:
    job = finish(stores)
    finish(stores)
    assert used(stores) == (2, 25.0, 6.0)
    with pytest.raises(Fenced):
        complete_job(stores, job, 1, JobStatus.SUCCEEDED)
    for _ in range(3):
        archive_job(stores, job.id)
    assert used(stores) == (2, 25.0, 6.0)


def test_who_erases_while_it_ends_does_not_count_it_twice(stores: Stores) -> None:
    job, token = begin(stores, 0.5)
    running = stores.jobs.get(job.id)
    complete_job(stores, job, token, JobStatus.SUCCEEDED, fields={"usage": Usage(mediaSeconds=9)})
    erase_job(stores, running)  # read before the end
    assert used(stores) == (1, 9.0, 0.0)
    job, token = begin(stores, 0.5)
    erase_job(stores, stores.jobs.get(job.id))
    for status in (JobStatus.SUCCEEDED, JobStatus.FAILED):
        with pytest.raises(Fenced):
            complete_job(stores, job, token, status)
    assert used(stores) == (2, 39.0, 0.0)


@pytest.mark.parametrize("code", [ErrorCode.INTERNAL, ErrorCode.WORKER_LOST])
def test_failures_of_ours_are_free(stores: Stores, code: ErrorCode) -> None:
    fail(stores, code)
    assert used(stores) == (0, 0.0, 0.0)


def test_what_never_began_is_free(stores: Stores) -> None:
    cancel_job(stores, new_job(stores).id)
    fail(stores, ErrorCode.DEADLINE_EXCEEDED, 0.0)
    assert used(stores) == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    "code", [ErrorCode.CANCELED, ErrorCode.DEADLINE_EXCEEDED, ErrorCode.MEDIA_DECODE_ERROR]
)
def test_what_is_stopped_costs_what_was_looked_at(stores: Stores, code: ErrorCode) -> None:
    fail(stores, code)
    assert used(stores) == (1, 15.0, 0.0)


def test_erasing_a_job_that_runs_is_no_way_around_it(stores: Stores) -> None:
    job, _ = begin(stores, 0.5)
    erase_job(stores, stores.jobs.get(job.id))
    assert used(stores) == (1, 30.0, 0.0)
    erase_job(stores, finish(stores))
    assert used(stores) == (2, 42.5, 3.0)
    erase_job(stores, new_job(stores))
    assert used(stores)[0] == 2


def test_poses_that_are_there_cost_no_media_again(stores: Stores) -> None:
    finish(stores, input=JobInput(posesOf="job_0"))
    assert used(stores) == (1, 0.0, 3.0)


def test_months_are_told_apart(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    for ended in ("2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00.000Z"):
        monkeypatch.setattr(stores.jobs, "now", lambda ended=ended: ended)
        finish(stores, 1.5)
    months = stores.usage.months("acme")
    assert [(month.month, month.jobs, month.mediaSeconds) for month in months] == [
        ("2027-01", 1, 1.5),
        ("2026-12", 1, 1.5),
    ]
    assert stores.usage.of_month("acme", "2027-01") == months[0]
    assert stores.usage.of_month("umbrella", "2026-12") == MonthUsage(month="2026-12")


def test_the_end_of_a_month() -> None:
    assert next_month(1_798_761_600.0 - 10) == ("2027-01-01T00:00:00.000Z", 10)
    assert next_month(1_798_761_600.0)[0] == "2027-02-01T00:00:00.000Z"
