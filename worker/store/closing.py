"""The end of a job: last messages and final state in one commit, then the archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job, JobStatus
from worker.contract.messages import Done, Entry, ErrorMessage, Message, entry_key
from worker.store import keys
from worker.store.archive import archive_messages, archive_poses
from worker.store.bundle import Stores
from worker.store.connection import text
from worker.store.erasing import erase_job
from worker.store.errors import Fenced, NotFound

log = structlog.get_logger()


def error_fields(error: JobError) -> dict[str, Any]:
    """An error as records and `done` hold it."""
    fields: dict[str, Any] = {"code": error.code.value, "message": error.message}
    return fields | ({"details": error.details} if error.details else {})


def next_place(stores: Stores, job_id: str) -> tuple[int, int]:
    """The place of a message that comes right after the last one of the stream."""
    last = stores.redis.xrevrange(keys.messages(job_id), count=1)
    if not last:
        return 0, 1
    head, tail = entry_key(text(last[0][0]))
    return head, tail + 1


def close_job(
    stores: Stores,
    job: Job,
    token: int,
    status: JobStatus,
    *,
    error: JobError | None = None,
    before: Sequence[Message] = (),
    fields: dict[str, Any] | None = None,
) -> None:
    """Ends the job: `before`, an `error` where there is one, then `done`, and the final record.

    The archive follows: a worker's sweep finds the job among the closed ones.

    Raises Fenced where the lease is not ours any more: then nothing was written.
    """
    head, tail = next_place(stores, job.id)
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
    if failure:
        final["error"] = failure
    stores.jobs.closed(job.id)  # before too: who dies right behind the commit is swept up after
    stores.leases.commit(job.id, token, entries, fields=final, release=True)
    stores.jobs.closed(job.id)
    stores.streams.relay(job.id, job.tenant, job.options.firehose)


def archive_job(stores: Stores, job_id: str) -> None:
    """Archives a finished job and lets its stream cool down; does nothing where it is erased.

    Of a job that made a reference nothing is kept but the outcome.
    """
    try:
        job = stores.jobs.get(job_id)
        if not job.status.final:
            return
        if job.input.referenceId is not None:
            stores.references.settle(job)
            erase_job(stores, job)
            return
        stores.streams.relay(job.id, job.tenant, job.options.firehose)
        archive_messages(stores, job.tenant, job.id)
        archive_poses(stores, job.tenant, job.id)
        stores.jobs.expire(job.id, stores.settings.hot_ttl_s, stores.settings.record_ttl_s)
    except NotFound:
        log.info("archive_of_erased_job", job=job_id)
    stores.jobs.archived(job_id)


def cancel_job(stores: Stores, job_id: str) -> None:
    """Cancels: a queued job ends here and never starts, a running one at its next batch."""
    stores.jobs.ask_cancel(job_id)
    claim = stores.leases.claim(job_id, to_close=True)
    if not claim.token:
        return
    error = JobError(ErrorCode.CANCELED, "The job was canceled.")
    try:
        close_job(stores, stores.jobs.get(job_id), claim.token, JobStatus.CANCELED, error=error)
    except Fenced:
        log.warning("cancel_overtaken", job=job_id)
