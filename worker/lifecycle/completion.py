"""Ends jobs: last messages and final state in one commit, then the archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job, JobStatus
from worker.contract.messages import Done, Entry, ErrorMessage, Message, entry_key
from worker.lifecycle.archive import archive_messages, archive_poses
from worker.lifecycle.deletion import ErasureRecord, erase_job, erase_rest, leave_upload
from worker.observability.metrics import JOBS_FINISHED, record
from worker.storage import keys
from worker.storage.connection import text
from worker.storage.errors import Fenced, Newer, NotFound
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores
from worker.storage.tenants.usage import used_so_far
from worker.storage.timestamps import unix

log = structlog.get_logger()


def error_fields(error: JobError) -> dict[str, Any]:
    """Returns an error in the form of job records and of the message `done`."""
    fields: dict[str, Any] = {"code": error.code.value, "message": error.message}
    return fields | ({"details": error.details} if error.details else {})


def next_entry_id(stores: Stores, job_id: str) -> tuple[int, int]:
    """Returns the entry id (two numbers) right after the last one of a job's stream."""
    last = stores.redis.xrevrange(keys.messages(job_id), count=1)
    if not last:
        return 0, 1
    head, tail = entry_key(text(last[0][0]))
    return head, tail + 1


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
    head, tail = next_entry_id(stores, job.id)
    said: list[Message] = list(before)
    if error is not None:
        said.append(ErrorMessage(code=error.code, message=error.message, details=error.details))
    count = stores.streams.length(job.id) + len(said)
    failure = error_fields(error) if error else None
    said.append(Done(status=status.value, messages=count, error=failure))  # type: ignore[arg-type]
    entries = [Entry(f"{head}-{tail + n}", message) for n, message in enumerate(said)]
    final = {"status": status.value, "finishedAt": stores.jobs.now(), **(fields or {})}
    if status is JobStatus.SUCCEEDED:
        final["progress"] = 1.0
    elif "usage" not in final:
        final["usage"] = used_so_far(_now(stores, job))
    if failure:
        final["error"] = failure
    stores.leases.finish(job, token, entries, final)
    record(JOBS_FINISHED, 1, status.value)
    stores.segments.close(job.id)
    _finalize(stores, job.id)


def _now(stores: Stores, job: Job) -> Job:
    """Returns the current record; raises Fenced where it was erased."""
    try:
        return stores.jobs.get(job.id)
    except NotFound as error:
        raise Fenced(job.id) from error


def _finalize(stores: Stores, job_id: str) -> None:
    """Updates usage and batch at the end of a job; repeated before the archive, in case of a
    crash."""
    try:
        job = stores.jobs.get(job_id)
    except NotFound:
        return
    stores.usage.meter(job)
    if job.batchId is not None:
        stores.batches.mark(job.batchId, job.id, job.status)
    stores.jobs.settled(job.id)


def archive_job(stores: Stores, job_id: str) -> None:
    """Archives a finished job and sets the expiry of its keys; does nothing for an erased one.

    A job that made a reference is erased instead, once the reference is stored.
    """
    try:
        job = stores.jobs.get(job_id)
        if not job.status.final:
            return
        _finalize(stores, job.id)
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
        stores.jobs.expire(job.id, min(stores.settings.hot_ttl_s, kept_s), kept_s)
        if not stores.jobs.exists(job.id):  # erased meanwhile, and what is stored since came late
            erase_rest(stores, ErasureRecord(job.tenant, job.id, job.input.uploadId))
    except NotFound:
        log.info("archive_of_erased_job", job=job_id)
    stores.jobs.archived(job_id)


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
        job = stores.jobs.get(job_id)
    except Newer:
        return False
    except NotFound:
        return True
    if job.deadlineAt is None or unix(job.deadlineAt) > unix(stores.jobs.now()):
        return job.status.final
    error = JobError(ErrorCode.DEADLINE_EXCEEDED, "The job's deadline has passed.")
    _end_unstarted(stores, job_id, error)
    return stores.jobs.over(job_id)


def _end_unstarted(stores: Stores, job_id: str, error: JobError) -> None:
    """Ends a job without a lease; a running one is left to its worker."""
    claim = stores.leases.claim(job_id, to_close=True)
    if not claim.token:
        return
    canceled = error.code is ErrorCode.CANCELED
    status = JobStatus.CANCELED if canceled else JobStatus.FAILED
    try:
        complete_job(stores, stores.jobs.get(job_id), claim.token, status, error=error)
    except (Fenced, NotFound):
        log.warning("end_overtaken", job=job_id, code=error.code)
