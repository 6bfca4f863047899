"""Ends jobs: last messages and final state in one commit, then the archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job, JobStatus
from worker.contract.messages import Done, Entry, ErrorMessage, Message
from worker.lifecycle.archive import archive_messages, archive_poses
from worker.lifecycle.deletion import ErasureRecord, erase_job, erase_rest, leave_upload
from worker.observability.metrics import JOBS_FINISHED, record
from worker.storage.clock import unix
from worker.storage.errors import Fenced, Newer
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores
from worker.storage.tenants.usage import used_so_far

log = structlog.get_logger()


def error_fields(error: JobError) -> dict[str, Any]:
    """Returns an error in the form of job records and of the message `done`."""
    fields: dict[str, Any] = {"code": error.code.value, "message": error.message}
    return fields | ({"details": error.details} if error.details else {})


def complete_job(
    stores: Stores,
    job: Job,
    token: int,
    status: JobStatus,
    *,
    error: JobError | None = None,
    before: Sequence[Message] = (),
    fields: dict[str, Any] | None = None,
) -> None:
    """Commits the end of a job: messages `before`, `error` if any, `done`, and the final record.

    `token` is the fencing token of the lease, `fields` are further fields of the record. A
    worker's sweep archives the job later. Raises Fenced where the lease is lost; nothing is
    written then.
    """
    (head, tail), count = stores.streams.end(job.id)
    said: list[Message] = list(before)
    if error is not None:
        said.append(ErrorMessage(code=error.code, message=error.message, details=error.details))
    ended = {"status": status, "finishedAt": stores.jobs.now(), **(fields or {})}
    if status is JobStatus.SUCCEEDED:
        ended["progress"] = 1.0
    else:
        current = stores.jobs.find(job.id)
        if current is None:
            raise Fenced(job.id)
        job = current
        ended.setdefault("usage", used_so_far(job))
    if error is not None:
        ended["error"] = error_fields(error)
    failure: dict[str, Any] | None = ended.get("error")
    said.append(Done(status=status.value, messages=count + len(said), error=failure))  # type: ignore[arg-type]
    entries = [Entry(f"{head}-{tail + n}", message) for n, message in enumerate(said)]
    if stores.leases.finish(job, token, entries, ended) and job.batchId is not None:
        stores.batches.announce(job.batchId)
    record(JOBS_FINISHED, 1, status.value)


def archive_job(stores: Stores, job_id: str) -> None:
    """Archives a finished job and sets the expiry of its keys; does nothing for an erased one.

    A job that made a reference is erased instead, once the reference is stored. Raises Newer for
    one that only newer code can read, to which it is left.
    """
    job = stores.jobs.find(job_id)
    if job is None:
        log.info("archive_of_erased_job", job=job_id)
        stores.jobs.unarchived.remove(job_id)
        return
    if not job.status.final:
        return
    if job.input.referenceId is not None:
        stores.references.settle(job)
        erase_job(stores, job)
        return
    archive_messages(stores, job.tenant, job.id)
    archive_poses(stores, job.tenant, job.id)
    _delete_strays(stores, job)
    leave_upload(stores, job, erase=job.eraseUpload)
    stores.retention.keep_job(job, stores.settings.limits(job.plan))
    kept_s = max(1, int(stores.settings.record_s(job.plan)))
    if not stores.jobs.expire(job.id, min(stores.settings.hot_ttl_s, kept_s), kept_s):
        # erased meanwhile: what is stored since came late
        erase_rest(stores, ErasureRecord(job.tenant, job.id, job.input.uploadId))
    # last: where anything failed before, the job is archived again
    stores.jobs.unarchived.remove(job_id)


def _delete_strays(stores: Stores, job: Job) -> None:
    """Deletes files of workers that crashed between storing an export and recording it."""
    kept = {export.key for export in job.exports}
    if job.options.export:
        for key in stores.objects.list_keys(job_prefix(job.tenant, job.id) + "exports/"):
            if key not in kept:
                stores.objects.delete(key)


def cancel_job(stores: Stores, job_id: str) -> None:
    """Cancels a job: a queued one ends now, a running one is stopped by its worker soon."""
    stores.jobs.ask_cancel(job_id)
    _end_unstarted(stores, job_id, JobError(ErrorCode.CANCELED, "The job was canceled."))


def expire_job(stores: Stores, job_id: str) -> bool:
    """Fails a job without a lease if its deadline has passed; returns whether the job is over.

    The worker of a running job checks the deadline itself.
    """
    try:
        job = stores.jobs.find(job_id)
    except Newer:
        return False
    if job is None:
        return True
    if job.deadlineAt is None or unix(job.deadlineAt) > unix(stores.jobs.now()):
        return job.status.final
    error = JobError(ErrorCode.DEADLINE_EXCEEDED, "The job's deadline has passed.")
    _end_unstarted(stores, job_id, error)
    return stores.jobs.over(job_id)


def _end_unstarted(stores: Stores, job_id: str, error: JobError) -> None:
    """Ends a job without a lease; a running one is left to its worker."""
    try:
        claim = stores.leases.claim(job_id, to_close=True)
        if claim.job is not None:
            canceled = error.code is ErrorCode.CANCELED
            status = JobStatus.CANCELED if canceled else JobStatus.FAILED
            complete_job(stores, claim.job, claim.token, status, error=error)
    except (Fenced, Newer):
        log.warning("end_overtaken", job=job_id, code=error.code)
