"""Builds and checks the record of a job from a request or a line of a manifest."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from worker.contract.errors import ErrorCode, JobError, invalid_parameter, unknown_reference
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.options import JobOptions, parse_options
from worker.contract.plans import check_plan
from worker.contract.references import ReferenceStatus
from worker.contract.scopes import Scope, ScopeMissing, allows
from worker.contract.webhooks import JobWebhook
from worker.net.addresses import is_private_hostname
from worker.observability.tracing import span
from worker.queueing.queues import choose_queue
from worker.storage.clock import iso
from worker.storage.connection import Client
from worker.storage.errors import Conflict, NotFound
from worker.storage.objects.uploads import Upload
from worker.storage.queue.workers import Worker
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.submission.schemas.jobs import InputRef, NewJob
from worker.submission.schemas.webhooks import JobWebhookRef


def read_options(values: dict[str, Any], tenant: Tenant) -> JobOptions:
    """Parses the options of a request; raises JobError if invalid or not in the tenant's plan."""
    options = parse_options(values)
    try:
        msgspec.json.encode(options)
    except UnicodeEncodeError as error:
        raise invalid_parameter("options", "A text is not Unicode.", "valid Unicode") from error
    check_plan(options, tenant.plan)
    return options


def build_job(
    stores: Stores,
    tenant: Tenant,
    body: NewJob,
    options: JobOptions,
    alive: Sequence[Worker] | None = None,
) -> Job:
    """Builds the record of a requested job without storing it; see `new_record`.

    Raises JobError for an invalid request, NotFound and Conflict for upload and reference,
    ScopeMissing for a webhook that the key may not set.
    """
    given, content_type = input_of(stores, tenant, body.input)
    said = body.options.get("source") not in (None, "")
    if not said and content_type.startswith("image/"):
        options = msgspec.structs.replace(options, source="image")
    check_reference(stores, tenant, options)
    deadline = body.deadlineSeconds
    webhook = job_webhook(stores, tenant, body.webhook)
    return msgspec.structs.replace(
        new_record(stores, tenant, given, options, alive),
        priority=body.priority,
        metadata=body.metadata,
        webhook=webhook,
        deadlineAt=None if deadline is None else iso(stores.clock() + deadline),
        eraseUpload=body.retention.upload == "none" or stores.settings.erases(tenant.tenant),
    )


def new_record(
    stores: Stores,
    tenant: Tenant,
    given: JobInput,
    options: JobOptions,
    alive: Sequence[Worker] | None = None,
) -> Job:
    """Builds a queued job's record with a new id and the queue that its options need.

    `alive` are the live workers; they are read from Redis where it is None.
    """
    name = "job_" + secrets.token_hex(12)
    with span("job.made", job=name, tenant=tenant.tenant) as trace:
        return Job(
            id=name,
            tenant=tenant.tenant,
            plan=tenant.plan,
            status=JobStatus.QUEUED,
            source=options.source,
            input=given,
            options=options,
            createdAt=iso(stores.clock()),
            queue=choose_queue(options, stores.workers.alive() if alive is None else alive),
            owner=tenant.owner,
            trace=trace,
        )


def input_of(
    stores: Stores, tenant: Tenant, given: InputRef, reference: str | None = None
) -> tuple[JobInput, str]:
    """Returns the location of a job's media and its content type, empty for a URL.

    `reference` is the id of one that the job makes. Raises NotFound, Conflict if the upload is
    unfinished, JobError for a bucket not read from.
    """
    if given.uploadId is None:
        check_bucket(stores, given.url or "")
        return JobInput(url=given.url, referenceId=reference), ""
    upload = stores.uploads.get(given.uploadId, tenant.tenant, tenant.owner)
    found = JobInput(
        uploadId=upload.id,
        key=upload.key,
        tag=check_upload_complete(stores, upload),
        filename=upload.filename,
        referenceId=reference,
    )
    return found, upload.contentType


def keep_upload(stores: Stores, pipe: Client, job: Job) -> None:
    """Adds to a pipeline that the retention of a new job's upload begins anew."""
    if job.input.uploadId is not None:
        limits = stores.settings.limits(job.plan)
        stores.retention.keep_upload(job.tenant, job.input.uploadId, limits, pipe)


def check_upload_complete(stores: Stores, upload: Upload) -> str | None:
    """Returns the entity tag of an upload, if it has one; raises Conflict where not all of its
    bytes are in the object store."""
    try:
        size, tag = stores.objects.version(upload.key)
    except NotFound as error:
        raise Conflict(f"upload not finished: no bytes of {upload.id} have arrived") from error
    if size != upload.bytes:
        raise Conflict(f"upload not finished: {size} of {upload.bytes} bytes have arrived")
    return tag


def check_bucket(stores: Stores, url: str, parameter: str = "input.url") -> None:
    """Raises JobError where `url` names a bucket that this system does not read from."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "s3" or parts.netloc in stores.settings.input_buckets:
        return
    allowed = sorted(stores.settings.input_buckets) or "http and https addresses"
    raise invalid_parameter(parameter, f"The bucket '{parts.netloc}' is not read from.", allowed)


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


def check_webhook_url(stores: Stores, url: str, parameter: str = "url") -> str:
    """Returns `url`; raises JobError `invalid_parameter` for a host of a private spelling.

    What a name resolves to is checked at each request.
    """
    parts = urlsplit(url)
    host = str(parts.hostname)
    settings = stores.settings
    allowed = {name.strip().lower() for name in settings.webhook_allowed_hosts.split(",")}
    if settings.allow_private_urls or {host, f"{host}:{parts.port}"} & allowed:
        return url
    if is_private_hostname(host):
        raise invalid_parameter(parameter, f"{host} is not a public address.", "a public address")
    return url


def job_webhook(stores: Stores, tenant: Tenant, given: JobWebhookRef | None) -> JobWebhook | None:
    """Returns a job's own subscription, whose endpoint `admit_webhooks` makes.

    Raises JobError for the URL, ScopeMissing for a key without `webhooks:write`.
    """
    if given is None:
        return None
    if not allows(tenant.scopes, Scope.WEBHOOKS_WRITE):
        wanted = Scope.WEBHOOKS_WRITE
        raise ScopeMissing(f"A job's webhook needs a key with the scope '{wanted}'.", wanted)
    url = check_webhook_url(stores, given.url, "webhook.url")
    name = stores.endpoints.name_of_url(tenant.tenant, url)
    return JobWebhook(endpoint=name, events=tuple(given.events), url=url)


def admit_webhooks(stores: Stores, tenant: Tenant, jobs: Sequence[Job]) -> list[str]:
    """Makes the missing endpoints of accepted jobs and returns their ids.

    Raises LimitExceeded where the plan allows no more.
    """
    named = {
        job.webhook.endpoint: job.webhook.url
        for job in jobs
        if job.webhook is not None and job.webhook.url is not None
    }
    most = stores.settings.limits(tenant.plan).jobWebhooks
    return stores.endpoints.admit(tenant.tenant, named, most)
