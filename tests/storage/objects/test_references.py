"""References: the job's outcome is theirs, and nothing of the clip stays."""

from __future__ import annotations

import itertools

import pytest

from tests.storage.factories import new_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.references import Reference, ReferenceStatus
from worker.lifecycle.completion import archive_job, complete_job
from worker.lifecycle.deletion import erase_reference
from worker.storage import keys
from worker.storage.errors import NotFound
from worker.storage.objects.object_keys import job_prefix, reference_key
from worker.storage.stores import Stores

_numbers = itertools.count(1)


def new_reference(stores: Stores, tenant: str = "acme") -> tuple[Reference, Job]:
    """A reference that is being made from an upload, and its job."""
    upload = stores.uploads.create(tenant, "rep.mp4", "video/mp4", 4)
    stores.objects.put(upload.key, b"clip", "video/mp4")
    number = next(_numbers)
    given = JobInput(uploadId=upload.id, key=upload.key, referenceId=f"ref_store_{number:03}")
    job = new_job(stores, tenant, input=given)
    reference = Reference(
        id=f"ref_store_{number:03}",
        tenant=tenant,
        job=job.id,
        name="coach",
        createdAt=job.createdAt,
    )
    stores.references.create(reference)
    return reference, job


def end(stores: Stores, job: Job, error: JobError | None = None) -> None:
    """A worker ends the job."""
    token = stores.leases.claim(job.id).token
    status = JobStatus.FAILED if error else JobStatus.SUCCEEDED
    complete_job(stores, job, token, status, error=error)


def now(stores: Stores, reference: Reference) -> Reference:
    return stores.references.get(reference.id, reference.tenant)


def test_a_reference_is_ready_with_its_job_and_stays_so(stores: Stores) -> None:
    reference, job = new_reference(stores)
    assert now(stores, reference) == reference
    with pytest.raises(NotFound):
        stores.references.poses(reference.id, "acme")
    stores.references.keep(reference, b"poses", 1500.0)
    assert now(stores, reference).status is ReferenceStatus.PROCESSING
    end(stores, job)
    ready = now(stores, reference)
    assert (ready.status, ready.durationMs, ready.error) == (ReferenceStatus.READY, 1500.0, None)
    archive_job(stores, job.id)
    assert now(stores, reference) == ready
    assert stores.references.poses(reference.id, "acme") == b"poses"


def test_nothing_of_the_clip_stays(stores: Stores) -> None:
    reference, job = new_reference(stores)
    stores.references.keep(reference, b"poses", 1500.0)
    end(stores, job)
    archive_job(stores, job.id)
    assert not stores.redis.exists(*keys.of_job(job.id))
    assert not list(stores.objects.list_keys(str(job.input.key)))
    assert not list(stores.objects.list_keys(job_prefix("acme", job.id)))
    assert stores.jobs.unarchived.take_all(0) == []


def test_a_failure_says_why_and_stays(stores: Stores) -> None:
    reference, job = new_reference(stores)
    end(stores, job, JobError(ErrorCode.INVALID_PARAMETER, "two reps", {"found": 2}))
    failed = now(stores, reference)
    assert failed.status is ReferenceStatus.FAILED
    assert failed.error == {
        "code": "invalid_parameter", "message": "two reps", "details": {"found": 2}
    }  # fmt: skip
    archive_job(stores, job.id)
    assert now(stores, reference) == failed
    with pytest.raises(NotFound):
        stores.references.poses(reference.id, "acme")


def test_a_job_that_is_lost_leaves_no_reference_in_the_making(stores: Stores) -> None:
    reference, job = new_reference(stores)
    stores.jobs.erase(job)
    failed = now(stores, reference)
    assert failed.status is ReferenceStatus.FAILED
    assert failed.error is not None and failed.error["code"] == "internal"


def test_the_job_is_hidden_from_its_tenant_and_not_from_workers(stores: Stores) -> None:
    _, job = new_reference(stores)
    shown = new_job(stores)
    assert [name for _, name, _ in stores.jobs.page("acme")] == [shown.id]
    with pytest.raises(NotFound):
        stores.jobs.get(job.id, "acme")
    assert stores.jobs.get(job.id).id == job.id


def test_another_tenant_never_learns_of_it(stores: Stores) -> None:
    reference, _ = new_reference(stores)
    with pytest.raises(NotFound):
        stores.references.get(reference.id, "umbrella")
    with pytest.raises(NotFound):
        stores.references.poses(reference.id, "umbrella")
    assert stores.references.page("umbrella", None, 10) == []


def test_pages_go_from_new_to_old(stores: Stores) -> None:
    made = [new_reference(stores)[0].id for _ in range(5)]
    first = stores.references.page("acme", None, 2)
    place = (first[-1][0], first[-1][1].id)
    rest = stores.references.page("acme", place, 9)
    assert [one.id for _, one in (*first, *rest)] == made[::-1]


def test_erasing_one_in_the_making_stops_and_erases_all(stores: Stores) -> None:
    reference, job = new_reference(stores)
    token = stores.leases.claim(job.id).token
    assert token
    erase_reference(stores, reference)
    assert stores.jobs.cancel_asked(job.id)
    with pytest.raises(NotFound):
        stores.references.keep(reference, b"poses", 1500.0)
    assert not list(stores.objects.list_keys(reference_key("acme", reference.id)))
    assert not list(stores.objects.list_keys(str(job.input.key)))
    assert not stores.redis.exists(keys.reference(reference.id), keys.job(job.id))
    assert stores.references.page("acme", None, 10) == []


def test_erasing_a_ready_one(stores: Stores) -> None:
    reference, job = new_reference(stores)
    stores.references.keep(reference, b"poses", 1500.0)
    end(stores, job)
    archive_job(stores, job.id)
    erase_reference(stores, now(stores, reference))
    with pytest.raises(NotFound):
        now(stores, reference)
    with pytest.raises(NotFound):
        stores.objects.get(reference_key("acme", reference.id))
