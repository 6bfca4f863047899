"""Routes of batches: many jobs in one request or manifest, accepted and reported together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import structlog
from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import JSONResponse

from api.middleware.errors import invalid_parameter
from api.schemas.batches import BatchesQuery, BatchesView, BatchView, ManifestRef, NewBatch
from api.schemas.strict import allow_query_params
from api.services.authentication import StoresDep, TenantDep
from api.services.job_creation import check_minutes, check_queue, idempotent
from api.services.json_body import AuthenticatedRoute
from api.services.object_threads import with_objects
from api.services.pagination import decode_cursor, encode_cursor
from worker.contract.batches import MAX_MANIFEST_BYTES, BatchError, BatchRecord, Manifest
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job
from worker.queueing import queues
from worker.queueing.dispatch import offer_batch
from worker.storage.batches.records import batch_view
from worker.storage.clock import iso
from worker.storage.errors import NotFound
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.submission.batches import batch_of, expand_batch
from worker.submission.jobs import admit_webhooks, check_bucket, check_upload_complete
from worker.submission.manifests import WRONG, job_of_request, wrong_of

router = APIRouter(route_class=AuthenticatedRoute, tags=["batches"])
log = structlog.get_logger()

_AT_ONCE = 16
"""Jobs of one request checked concurrently: each check may ask the object store."""


def create_batch(stores: Stores, tenant: Tenant, body: NewBatch, key: str | None) -> str:
    """Returns the id of a new batch, or of the earlier one with the same key and body.

    Raises JobError where any job is invalid (then none is accepted), LimitExceeded where the queue
    is full or the month's quota used up, and as `idempotent` does for the key.
    """
    return idempotent(stores, tenant, body, key, lambda token: _take(stores, tenant, body, token))


def _take(stores: Stores, tenant: Tenant, body: NewBatch, token: str) -> str:
    name = f"bat_{token}"
    if stores.batches.exists(name):  # accepted by a request that was never answered
        return name
    record = BatchRecord(
        id=name,
        tenant=tenant.tenant,
        plan=tenant.plan,
        createdAt=iso(stores.clock()),
        scopes=tenant.scopes,
    )
    if body.manifest is not None:
        check_queue(stores, tenant)
        manifest = manifest_of(stores, tenant, body.manifest)
        stores.batches.create(msgspec.structs.replace(record, manifest=manifest))
        _start(lambda: offer_batch(stores, record))
        return name
    asked = body.jobs or []
    check_queue(stores, tenant, len(asked))
    jobs = batch_of(_checked(stores, tenant, asked), name)
    if any(job.source == "video" for job in jobs):
        check_minutes(stores, tenant, "video")
    admit_webhooks(stores, tenant, jobs)
    stores.batches.create(record, jobs)
    _start(lambda: expand_batch(stores, name))
    return name


def _start(begin: Callable[[], object]) -> None:
    """Starts the expansion of an accepted batch; on failure a sweep does it later."""
    try:
        begin()
    except queues.BROKER_ERRORS as error:
        log.warning("batch_not_begun", error=str(error))


def _checked(stores: Stores, tenant: Tenant, asked: Sequence[Any]) -> list[Job]:
    def check(place: int) -> Job | BatchError:
        try:
            return job_of_request(stores, tenant, asked[place])
        except WRONG as error:
            return msgspec.structs.replace(wrong_of(error), index=place)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(check, range(len(asked))))
    wrong = [one for one in found if isinstance(one, BatchError)]
    if wrong:
        text = f"{len(wrong)} of {len(asked)} jobs cannot be taken, so none is."
        errors = [msgspec.to_builtins(one) for one in wrong]
        raise JobError(ErrorCode.INVALID_PARAMETER, text, {"parameter": "jobs", "errors": errors})
    return [one for one in found if isinstance(one, Job)]


def manifest_of(stores: Stores, tenant: Tenant, given: ManifestRef) -> Manifest:
    """Returns the manifest that a request names.

    Raises NotFound where it does not exist, Conflict for an unfinished upload, JobError where it
    is too large or in a bucket not read from.
    """
    if given.uploadId is not None:
        upload = stores.uploads.get(given.uploadId, tenant.tenant)
        check_upload_complete(stores, upload)
        found = Manifest(key=upload.key, bytes=upload.bytes, uploadId=upload.id)
    else:
        url = given.url or ""
        check_bucket(stores, url, "manifest.url")
        parts = urlsplit(url)
        key = parts.path.lstrip("/")
        try:
            size, _ = stores.objects.head(key, parts.netloc)
        except NotFound as error:
            raise NotFound(f"no manifest {url}") from error
        found = Manifest(key=key, bytes=size, bucket=parts.netloc)
    if found.bytes > MAX_MANIFEST_BYTES:
        allowed = f"at most {MAX_MANIFEST_BYTES} bytes"
        raise invalid_parameter("manifest", f"A manifest has {allowed}.", allowed)
    return found


@router.post(
    "/batches",
    status_code=202,
    response_model=BatchView,
    dependencies=[Depends(allow_query_params())],
)
@with_objects
def post_batch(
    body: NewBatch,
    tenant: TenantDep,
    stores: StoresDep,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """Creates up to 1,000 jobs, all or none: `details.errors` lists every invalid one.

    A manifest is a file of up to 100,000 lines, each a body of `POST /jobs`; its jobs are created
    in the background as the queue has room, and invalid lines are counted and listed.
    """
    name = create_batch(stores, tenant, body, idempotency_key)
    view = batch_view(stores.batches.get(name, tenant.tenant))
    return JSONResponse(view, 202, headers={"Location": f"/v1/batches/{name}"})


@router.get("/batches", response_model=BatchesView)
def list_batches(
    query: Annotated[BatchesQuery, Query()], tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Lists your batches, newest first, without their errors; pass `next` as `cursor` for more."""
    place = None if query.cursor is None else decode_cursor(query.cursor)
    rows = stores.batches.page(tenant.tenant, place, query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    after = encode_cursor((shown[-1][0], shown[-1][1].record.id)) if more else None
    return JSONResponse({"batches": [batch_view(one, 0) for _, one in shown], "next": after})


@router.get(
    "/batches/{batch_id}", response_model=BatchView, dependencies=[Depends(allow_query_params())]
)
def get_batch(batch_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Returns a batch: job counts by status, progress, the first errors."""
    return JSONResponse(batch_view(stores.batches.get(batch_id, tenant.tenant)))


@router.post(
    "/batches/{batch_id}/cancel",
    status_code=202,
    response_model=BatchView,
    dependencies=[Depends(allow_query_params())],
)
def post_cancel(batch_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Cancels the unfinished jobs of a batch in the background; no effect on a completed one."""
    batch = stores.batches.get(batch_id, tenant.tenant)
    if batch.completedAt is None:
        stores.batches.ask_cancel(batch_id)
        _start(queues.send_maintenance)
        batch = stores.batches.get(batch_id, tenant.tenant)
    return JSONResponse(batch_view(batch), 202)
