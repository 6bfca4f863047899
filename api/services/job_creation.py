"""Creates jobs: checks, record and queue, once per Idempotency-Key."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import redis.exceptions
import structlog
from pydantic import BaseModel

from api.middleware.errors import invalid_parameter
from api.schemas.jobs import NewAnalysis
from api.services.authorization import check_page_job
from worker.contract.jobs import Job, JobStatus, Stage
from worker.contract.media import Source
from worker.contract.options import JobOptions
from worker.observability.log_setup import bind_job_context
from worker.observability.tracing import incoming, span
from worker.queueing import queues
from worker.storage.errors import Conflict, NotFound
from worker.storage.queue.fair_queue import QueuePosition
from worker.storage.queue.workers import Worker
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.storage.tenants.quotas import queue_full
from worker.submission.jobs import (
    admit_webhooks,
    build_job,
    check_reference,
    keep_upload,
    new_record,
    read_options,
)
from worker.submission.schemas.jobs import NewJob

log = structlog.get_logger()


class Accepted(NamedTuple):
    """A new job, and its position in the queue right after; None where it was made before."""

    job: Job
    place: QueuePosition | None = None


def digest_of(body: BaseModel) -> str:
    """Returns a digest that tells apart bodies with one Idempotency-Key, whatever their spacing
    and order."""
    plain = json.dumps(body.model_dump(mode="json", exclude_unset=True), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def check_key(key: str) -> str:
    """Returns `key`; raises JobError unless it is 1 to 255 printable ASCII characters."""
    if 1 <= len(key) <= 255 and key.isascii() and key.isprintable():
        return key
    allowed = "1 to 255 printable ASCII characters"
    raise invalid_parameter("Idempotency-Key", f"Idempotency-Key takes {allowed}.", allowed)


def create_job(
    stores: Stores, tenant: Tenant, body: NewJob, key: str | None, alive: Sequence[Worker]
) -> Accepted:
    """Creates and queues a job, or returns the earlier one with the same `key` and body.

    `alive` are the live workers. Raises JobError for an invalid request, NotFound and Conflict for
    the upload, LimitExceeded, Conflict and Mismatch for the key, ScopeMissing, StoreUnavailable
    where S3 does not answer: nothing is stored then. Where Redis does not answer, the job may be
    stored; a repetition with the same `key` returns it.
    """
    check_page_job(tenant, body)
    options = read_options(body.options, tenant)
    with span("api.create_job", incoming(), kind="SERVER", tenant=tenant.tenant):
        if key is None:
            return _take(stores, tenant, body, options, alive)
        return _created(stores, tenant, body, key, options, alive)


def _created(
    stores: Stores,
    tenant: Tenant,
    body: NewJob,
    key: str,
    options: JobOptions,
    alive: Sequence[Worker],
) -> Accepted:
    new: list[Accepted] = []

    def make(token: str) -> str:
        own = _own_key(tenant, key)
        new.append(_take(stores, tenant, body, options, alive, own, f"job_{token}"))
        return new[0].job.id

    made = idempotent(stores, tenant, body, key, make, answers=False)
    if new:
        return new[0]
    try:
        return Accepted(stores.jobs.get(made, tenant.tenant, tenant.owner))
    except NotFound as error:
        raise Conflict("the job of this Idempotency-Key was erased") from error


def idempotent(
    stores: Stores,
    tenant: Tenant,
    body: BaseModel,
    key: str | None,
    make: Callable[[str], str],
    *,
    answers: bool = True,
) -> str:
    """Returns the id that `make` returns, or returned for the same key and body before.

    `make` is given a token for the new id. It follows from tenant, key and body, so that nothing is
    created twice where a request was never answered, whatever Redis lost. `answers`: the id is
    stored here, else `make` does. Raises what `make` raises (the key can be used again then),
    Conflict where the first request is still being handled or its result was erased, and Mismatch
    for another body.
    """
    if key is None:
        return make(secrets.token_hex(12))
    own, digest = _own_key(tenant, check_key(key)), digest_of(body)
    token = hashlib.sha256(f"{tenant.tenant}\0{own}\0{digest}".encode()).hexdigest()[:24]
    ours, name = stores.idempotency.begin(tenant.tenant, own, digest, token)
    if not ours:
        return name
    try:
        made = make(name)
    except Exception:
        try:
            stores.idempotency.abandon(tenant.tenant, own)
        except redis.exceptions.RedisError as error:  # what made it necessary is to be reported
            log.warning("key_not_abandoned", error=str(error))
        raise
    if answers:
        stores.idempotency.finish(tenant.tenant, own, made)
    return made


def _own_key(tenant: Tenant, key: str) -> str:
    """Returns the key in the namespace of its page token, which must not find others' jobs."""
    return key if tenant.owner is None else f"{tenant.owner}:{key}"


def analyze_again(
    stores: Stores, tenant: Tenant, job_id: str, body: NewAnalysis, alive: Sequence[Worker]
) -> Accepted:
    """Queues a new job over the poses of an earlier one.

    Raises as `create_job`, and Conflict where the earlier job has no complete poses.
    """
    first = stores.jobs.get(job_id, tenant.tenant, tenant.owner)
    if first.status is not JobStatus.SUCCEEDED and first.stage is not Stage.EXPORT:
        raise Conflict(f"{job_id} has no complete poses: it is {first.status.value}")
    landmarks = first.options.blazepose
    given_options = {"source": first.source, "blazepose": landmarks, **body.options}
    options = read_options(given_options, tenant)
    if options.source != first.source:
        raise invalid_parameter("source", f"The poses are of {first.source}.", [first.source])
    if options.blazepose != landmarks:
        count = 33 if landmarks else 17
        raise invalid_parameter("blazepose", f"The poses have {count} joints.", [landmarks])
    check_reference(stores, tenant, options)
    check_queue(stores, tenant)
    # no uploadId: the upload stays the first job's
    given = msgspec.structs.replace(first.input, uploadId=None, posesOf=first.id)
    return queued(stores, new_record(stores, tenant, given, options, alive), alive)


def _take(
    stores: Stores,
    tenant: Tenant,
    body: NewJob,
    options: JobOptions,
    alive: Sequence[Worker],
    key: str | None = None,
    name: str | None = None,
) -> Accepted:
    check_queue(stores, tenant)  # before S3 is asked and a webhook stored
    job = build_job(stores, tenant, body, options, alive)
    if name is not None:
        job = msgspec.structs.replace(job, id=name)
    check_minutes(stores, tenant, job.source)
    endpoints = admit_webhooks(stores, tenant, [job])
    try:
        return queued(stores, job, alive, key)
    except Exception:
        _withdraw(stores, job, endpoints)
        raise


def _withdraw(stores: Stores, job: Job, endpoints: Sequence[str]) -> None:
    """Deletes the endpoints of a job that was refused, unless it was stored all the same and only
    the answer was lost."""
    try:
        if endpoints and not stores.jobs.exists(job.id):
            stores.endpoints.withdraw(job.tenant, endpoints)
    except redis.exceptions.RedisError as error:  # what made it necessary is to be reported
        log.warning("endpoints_not_withdrawn", job=job.id, error=str(error))


def check_queue(stores: Stores, tenant: Tenant, count: int = 1) -> None:
    """Raises LimitExceeded where the tenant's queue has no room for `count` more jobs."""
    stores.quotas.check_queue(tenant.tenant, stores.settings.limits(tenant.plan), count)


def check_minutes(stores: Stores, tenant: Tenant, source: Source) -> None:
    """Raises LimitExceeded where the month's media minutes are used up; images cost none."""
    if source == "video":
        stores.quotas.check_minutes(tenant.tenant, stores.settings.limits(tenant.plan))


def queued(stores: Stores, job: Job, alive: Sequence[Worker], key: str | None = None) -> Accepted:
    """Stores and queues a job, made under the Idempotency-Key `key`, and returns it.

    Raises LimitExceeded where the queue is full, Conflict where a job of its id was just erased.
    """
    limits = stores.settings.limits(job.plan)
    queue = queues.effective_queue(job.queue, alive)
    made = stores.jobs.submit(job, limits.runningJobs, limits.queuedJobs, key)
    if made == -2:
        raise Conflict("the job of this Idempotency-Key was erased a moment ago")
    if made < 0:
        raise queue_full(limits.queuedJobs or 0, stores.fair_queue.length(job.tenant))
    if not made:  # by a request with the same Idempotency-Key that was never answered
        return Accepted(stores.jobs.get(job.id, job.tenant, job.owner))
    with stores.redis.pipeline(transaction=False) as pipe:
        queues.pending_wakeups(pipe, queue)
        keep_upload(stores, pipe, job)
        stores.fair_queue.place_in(pipe, job)
        pending, *replies = pipe.execute()
    with bind_job_context(job.id, job.tenant, job.attempt, job.trace):
        log.info("job_queued", queue=job.queue)
    if pending < queues.enough_wakeups(queue, alive):
        _wake_workers(job.queue, queue)
    return Accepted(job, stores.fair_queue.place_of(replies))


def _wake_workers(waiting: str, queue: str) -> None:
    """Sends a wake-up for a queue; where the broker does not answer, a sweep sends it later."""
    try:
        queues.send_wakeups(waiting, queue)
    except queues.BROKER_ERRORS as error:
        log.warning("wakeup_not_sent", queue=waiting, error=str(error))
