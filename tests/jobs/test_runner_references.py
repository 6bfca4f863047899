"""The worker's side of references: one is made from a job's poses, and jobs are measured by it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.jobs.test_runner import recorded_job, rows, runner
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.options import JobOptions
from worker.contract.pose_log import END
from worker.contract.poses import encode_chunk, encode_head
from worker.contract.reference_poses import decode_reference
from worker.contract.references import Reference, ReferenceStatus
from worker.lifecycle.completion import archive_job
from worker.lifecycle.deletion import erase_reference
from worker.storage import keys
from worker.storage.objects.object_keys import reference_key
from worker.storage.stores import Stores

_numbers = itertools.count(1)


def log_of(move: str, reps: int) -> list[bytes]:
    """A complete pose log."""
    from tests.synthetic.perform import Script, perform

    head, chunk = perform(Script(move=move, depths=(1.0,) * reps, noise=0.005, fps=20.0))
    return [encode_head(head), encode_chunk(chunk), END]


def begun(stores: Stores, log: list[bytes], tenant: str = "acme") -> tuple[Reference, Job]:
    """A reference whose clip is estimated, and the job that makes it."""
    name = f"ref_runner_{next(_numbers):03}"
    given = JobInput(key="uploads/acme/upl_1", referenceId=name)
    job = recorded_job(stores, log, input=given, options=JobOptions(firehose="none"), tenant=tenant)
    record = Reference(id=name, tenant=tenant, job=job.id, name="coach", createdAt=job.createdAt)
    stores.references.create(record)
    return record, job


def made_from(
    stores: Stores, log: list[bytes], tenant: str = "acme"
) -> tuple[Reference, Job, JobOptions]:
    """A reference after a worker has seen its clip, the job, and options that name it."""
    record, job = begun(stores, log, tenant)
    runner(stores).run(job.id)
    return stores.references.get(record.id, tenant), job, JobOptions(reference=record.id)


def kept(stores: Stores, reference: Reference) -> list[str]:
    return list(stores.objects.list_keys(reference_key(reference.tenant, reference.id)))


def summary_of(stores: Stores, job: Job) -> dict[str, Any]:
    said = [message for _, message in rows(stores, job.id)]
    return next(message for message in said if message["type"] == "exercise_summary")


def test_a_reference_is_made_and_measures_jobs(stores: Stores) -> None:
    made, making, options = made_from(stores, log_of("squat", 1))
    assert made.status is ReferenceStatus.READY
    poses = decode_reference(stores.references.poses(made.id, "acme"))
    assert (poses.name, poses.duration_ms) == ("coach", made.durationMs)
    archive_job(stores, making.id)
    job = recorded_job(stores, log_of("squat", 3), options=options)
    runner(stores).run(job.id)
    over = stores.jobs.get(job.id)
    assert over.status is JobStatus.SUCCEEDED and over.result is not None
    assert over.result.count == 3
    summary = summary_of(stores, job)
    assert summary["exercise"] == "coach"
    assert 0.9 < summary["avg_similarity"] <= 1
    assert all(0.9 < rep["referenceScore"]["overallScore"] <= 1 for rep in summary["history"])


def test_a_clip_of_several_reps_fails_clearly(stores: Stores) -> None:
    made, _, _ = made_from(stores, log_of("squat", 2))
    assert made.status is ReferenceStatus.FAILED
    assert made.error is not None and made.error["details"]["found"] == 2
    assert not kept(stores, made)


def test_who_goes_on_with_a_job_measures_by_the_same(stores: Stores) -> None:
    made, _, options = made_from(stores, log_of("squat", 1))
    job = recorded_job(stores, log_of("squat", 2), options=options)
    stops = iter([False, False, True])
    runner(stores, lambda: next(stops)).run(job.id)
    assert not stores.jobs.get(job.id).status.final
    erase_reference(stores, made)
    runner(stores).run(job.id)
    assert stores.jobs.get(job.id).status is JobStatus.SUCCEEDED
    assert summary_of(stores, job)["counter"] == 2
    late = recorded_job(stores, log_of("squat", 1), options=options)
    runner(stores).run(late.id)
    error = stores.jobs.get(late.id).error
    assert error is not None and error["code"] == "reference_not_found"


def test_another_tenants_reference_is_not_found(stores: Stores) -> None:
    made, _, options = made_from(stores, log_of("squat", 1), "umbrella")
    assert made.status is ReferenceStatus.READY
    job = recorded_job(stores, log_of("squat", 1), options=options)
    runner(stores).run(job.id)
    error = stores.jobs.get(job.id).error
    assert error is not None and error["code"] == "reference_not_found"


def test_one_that_is_erased_while_it_is_made_leaves_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = stores.references.keep

    def erased_first(record: Reference, *more: Any) -> None:
        erase_reference(stores, record)
        keep(record, *more)

    monkeypatch.setattr(type(stores.references), "keep", lambda _, *given: erased_first(*given))
    record, job = begun(stores, log_of("squat", 1))
    runner(stores).run(job.id)
    assert not stores.redis.exists(keys.reference(record.id))
    assert not kept(stores, record)
