"""The making of a job: checks, record, queue; once per Idempotency-Key."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import Any

import msgspec
import redis.exceptions
import structlog

from api.models import InputRef, NewAnalysis, NewJob
from api.problems import invalid_parameter
from api.uploads import check_arrived
from worker import app as queues
from worker.contract.errors import ErrorCode, JobError, unknown_reference
from worker.contract.jobs import Job, JobInput, JobStatus, Stage
from worker.contract.options import JobOptions, parse_options
from worker.contract.plans import check_plan
from worker.contract.references import ReferenceStatus
from worker.store.apikeys import Tenant
from worker.store.bundle import Stores
from worker.store.errors import Conflict, NotFound, StoreUnavailable
from worker.store.jobs import iso
from worker.store.uploads import Upload

log = structlog.get_logger()


def read_options(values: dict[str, Any], tenant: Tenant) -> JobOptions:
    """The options of a request that the tenant's plan allows; raises JobError."""
    options = parse_options(values)
    try:
        msgspec.json.encode(options)
    except UnicodeEncodeError as error:
        raise invalid_parameter("options", "A text is not Unicode.", "valid Unicode") from error
    check_plan(options, tenant.plan)
    return options


def digest_of(body: NewJob) -> str:
    """What tells two requests with one Idempotency-Key apart; spacing and order do not."""
    plain = json.dumps(body.model_dump(mode="json", exclude_unset=True), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def check_key(key: str) -> str:
    """An Idempotency-Key of 1 to 255 visible ASCII characters; raises JobError."""
    if 1 <= len(key) <= 255 and key.isascii() and key.isprintable():
        return key
    allowed = "1 to 255 printable ASCII characters"
    raise invalid_parameter("Idempotency-Key", f"Idempotency-Key takes {allowed}.", allowed)


def create_job(stores: Stores, tenant: Tenant, body: NewJob, key: str | None) -> Job:
    """The job, new or (same key, same body) the one made before.

    Raises JobError for what the contract refuses, NotFound and Conflict for the upload, Conflict
    and Mismatch for the key, StoreUnavailable where Redis, S3 or the queue is silent. What raises
    leaves nothing behind.
    """
    options = read_options(body.options, tenant)
    if key is None:
        return _make(stores, tenant, body, options)
    made = stores.idempotency.begin(tenant.tenant, check_key(key), digest_of(body))
    if made is not None:
        try:
            return stores.jobs.get(made, tenant.tenant)
        except NotFound as error:
            raise Conflict("the job of this Idempotency-Key was erased") from error
    try:
        job = _make(stores, tenant, body, options)
    except Exception:
        _quietly(stores.idempotency.abandon, tenant.tenant, key)
        raise
    stores.idempotency.finish(tenant.tenant, key, job.id)
    return job


def analyze_again(stores: Stores, tenant: Tenant, job_id: str, body: NewAnalysis) -> Job:
    """A new job over the poses of one that succeeded; raises as `create_job`, and Conflict."""
    first = stores.jobs.get(job_id, tenant.tenant)
    if first.status is not JobStatus.SUCCEEDED and first.stage is not Stage.EXPORT:
        raise Conflict(f"{job_id} has no complete poses: it is {first.status.value}")
    options = read_options({"source": first.source, **body.options}, tenant)
    if options.source != first.source:
        raise invalid_parameter("source", f"The poses are of {first.source}.", [first.source])
    check_reference(stores, tenant, options)
    # no uploadId: the upload stays the first job's
    given = JobInput(
        posesOf=first.id, key=first.input.key, url=first.input.url, filename=first.input.filename
    )
    return queued(stores, new_record(stores, tenant, given, options))


def _make(stores: Stores, tenant: Tenant, body: NewJob, options: JobOptions) -> Job:
    upload = upload_of(stores, tenant, body.input)
    said = body.options.get("source") not in (None, "")
    if upload is not None and not said and upload.contentType.startswith("image/"):
        options = msgspec.structs.replace(options, source="image")
    check_reference(stores, tenant, options)
    deadline = body.deadlineSeconds
    job = new_record(stores, tenant, input_of(body.input, upload), options)
    return queued(
        stores,
        msgspec.structs.replace(
            job,
            priority=body.priority,
            metadata=body.metadata,
            deadlineAt=None if deadline is None else iso(time.time() + deadline),
        ),
    )


def new_record(stores: Stores, tenant: Tenant, given: JobInput, options: JobOptions) -> Job:
    """The record of a job that is to wait in the queue its options ask for."""
    return Job(
        id="job_" + secrets.token_hex(12),
        tenant=tenant.tenant,
        plan=tenant.plan,
        status=JobStatus.QUEUED,
        source=options.source,
        input=given,
        options=options,
        createdAt=iso(time.time()),
        queue=queues.choose_queue(options, stores.workers),
    )


def queued(stores: Stores, job: Job) -> Job:
    """Stores and sends a job; raises StoreUnavailable where the queue is silent."""
    stores.jobs.create(job)
    _send(stores, job)
    return job


def upload_of(stores: Stores, tenant: Tenant, given: InputRef) -> Upload | None:
    """The upload that a request names, if it does; raises NotFound, and Conflict if unfinished."""
    if given.uploadId is None:
        return None
    upload = stores.uploads.get(given.uploadId, tenant.tenant)
    check_arrived(stores, upload)
    return upload


def input_of(given: InputRef, upload: Upload | None, reference: str | None = None) -> JobInput:
    """Where a job's media is; `reference` is the one that the job makes."""
    if upload is None:
        return JobInput(url=given.url, referenceId=reference)
    return JobInput(
        uploadId=upload.id, key=upload.key, filename=upload.filename, referenceId=reference
    )


def check_reference(stores: Stores, tenant: Tenant, options: JobOptions) -> None:
    """Raises JobError `reference_not_found` for an unknown or failed reference, Conflict for one
    that is still being made."""
    name = options.reference
    if name is None or options.source == "image":
        return
    try:
        status = stores.references.get(name, tenant.tenant).status
    except NotFound as error:
        raise unknown_reference(name) from error
    if status is ReferenceStatus.FAILED:
        text = f"Reference '{name}' was not found: it could not be made."
        raise JobError(ErrorCode.REFERENCE_NOT_FOUND, text, {"reference": name})
    if status is ReferenceStatus.PROCESSING:
        raise Conflict(f"reference {name} is still being made")


def _send(stores: Stores, job: Job) -> None:
    try:
        queues.send_job(job.id, job.queue, job.priority)
    except Exception as error:
        # a record that no worker hears of would count as queued
        _quietly(stores.jobs.erase, job)
        raise StoreUnavailable(f"the queue did not take {job.id}: {error}") from error


def _quietly(undo: Any, *arguments: Any) -> None:
    """Undoes what can be undone; the error that made it necessary is the one to tell."""
    try:
        undo(*arguments)
    except (redis.exceptions.RedisError, StoreUnavailable, JobError) as error:
        log.warning("undo_failed", step=undo.__name__, error=str(error))
