"""Batches: many jobs in one request, or in a manifest; taken together, told of together."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import structlog
from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import JSONResponse

from api.auth import StoresDep, TenantDep
from api.batch_models import BatchesQuery, BatchesView, BatchView, ManifestRef, NewBatch
from api.creating import broker_errors, check_minutes, check_queue, once
from api.paging import decode_cursor, encode_cursor
from api.problems import invalid_parameter
from api.services.json_body import AuthenticatedRoute
from api.services.object_threads import with_objects
from api.strict import only
from worker import app as queues
from worker.contract.batches import MAX_MANIFEST_BYTES, BatchRecord, Manifest, Wrong
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job
from worker.expanding import batch_of, tend_batch
from worker.intake import admit_webhooks, check_arrived, check_bucket
from worker.manifests import WRONG, job_of_request, wrong_of
from worker.store.apikeys import Tenant
from worker.store.batches import batch_view
from worker.store.bundle import Stores
from worker.store.errors import NotFound
from worker.store.jobs import iso

router = APIRouter(route_class=AuthenticatedRoute, tags=["batches"])
log = structlog.get_logger()

_AT_ONCE = 16
"""Jobs of one request checked side by side: each asks the object store for its upload."""


def create_batch(stores: Stores, tenant: Tenant, body: NewBatch, key: str | None) -> str:
    """The id of the batch, new or (same key, same body) of the one taken before.

    Raises JobError where any job is wrong (then none is taken), LimitExceeded where the queue or
    the month has no room, and as the making of a job does for the key.
    """
    return once(stores, tenant, body, key, lambda: _take(stores, tenant, body))


def _take(stores: Stores, tenant: Tenant, body: NewBatch) -> str:
    name = "bat_" + secrets.token_hex(12)
    record = BatchRecord(
        id=name,
        tenant=tenant.tenant,
        plan=tenant.plan,
        createdAt=iso(time.time()),
        scopes=tenant.scopes,
    )
    if body.manifest is not None:
        check_queue(stores, tenant)
        manifest = manifest_of(stores, tenant, body.manifest)
        stores.batches.create(msgspec.structs.replace(record, manifest=manifest))
        _start(lambda: queues.send_batch(name))
        return name
    asked = body.jobs or []
    check_queue(stores, tenant, len(asked))
    jobs = batch_of(_checked(stores, tenant, asked), name)
    if any(job.source == "video" for job in jobs):
        check_minutes(stores, tenant, "video")
    admit_webhooks(stores, tenant, jobs)
    stores.batches.create(record, jobs)
    _start(lambda: tend_batch(stores, name))
    return name


def _start(begin: Callable[[], None]) -> None:
    """Begins with a batch that is taken already: what fails now is done by a sweep."""
    try:
        begin()
    except broker_errors as error:
        log.warning("batch_not_begun", error=str(error))


def _checked(stores: Stores, tenant: Tenant, asked: Sequence[Any]) -> list[Job]:
    def check(place: int) -> Job | Wrong:
        try:
            return job_of_request(stores, tenant, asked[place])
        except WRONG as error:
            return msgspec.structs.replace(wrong_of(error), index=place)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(check, range(len(asked))))
    wrong = [one for one in found if isinstance(one, Wrong)]
    if wrong:
        text = f"{len(wrong)} of {len(asked)} jobs cannot be taken, so none is."
        errors = [msgspec.to_builtins(one) for one in wrong]
        raise JobError(ErrorCode.INVALID_PARAMETER, text, {"parameter": "jobs", "errors": errors})
    return [one for one in found if isinstance(one, Job)]


def manifest_of(stores: Stores, tenant: Tenant, given: ManifestRef) -> Manifest:
    """The manifest that a request names; raises NotFound, Conflict, and JobError."""
    if given.uploadId is not None:
        upload = stores.uploads.get(given.uploadId, tenant.tenant)
        check_arrived(stores, upload)
        found = Manifest(key=upload.key, bytes=upload.bytes, uploadId=upload.id)
    else:
        url = given.url or ""
        check_bucket(stores, url, "manifest.url")
        parts = urlsplit(url)
        key = parts.path.lstrip("/")
        try:
            size, _ = stores.objects.look(key, parts.netloc)
        except NotFound as error:
            raise NotFound(f"no manifest {url}") from error
        found = Manifest(key=key, bytes=size, bucket=parts.netloc)
    if found.bytes > MAX_MANIFEST_BYTES:
        allowed = f"at most {MAX_MANIFEST_BYTES} bytes"
        raise invalid_parameter("manifest", f"A manifest has {allowed}.", allowed)
    return found


@router.post("/batches", status_code=202, response_model=BatchView, dependencies=[Depends(only())])
@with_objects
def post_batch(
    body: NewBatch,
    tenant: TenantDep,
    stores: StoresDep,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """Takes up to 1,000 jobs, all or none: `details.errors` lists everything that is wrong.

    A manifest is a file of up to 100,000 lines, each the body of `POST /jobs`; its jobs are made in
    the background as the queue has room, and wrong lines are counted and listed.
    """
    name = create_batch(stores, tenant, body, idempotency_key)
    view = batch_view(stores.batches.get(name, tenant.tenant))
    return JSONResponse(view, 202, headers={"Location": f"/v1/batches/{name}"})


@router.get("/batches", response_model=BatchesView)
def list_batches(
    query: Annotated[BatchesQuery, Query()], tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Your batches, newest first, without their wrong lines; go on with `cursor` = `next`."""
    place = None if query.cursor is None else decode_cursor(query.cursor)
    rows = stores.batches.page(tenant.tenant, place, query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    after = encode_cursor((shown[-1][0], shown[-1][1].record.id)) if more else None
    return JSONResponse({"batches": [batch_view(one, 0) for _, one in shown], "next": after})


@router.get("/batches/{batch_id}", response_model=BatchView, dependencies=[Depends(only())])
def get_batch(batch_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """A batch: counts by status, progress, the first wrong lines."""
    return JSONResponse(batch_view(stores.batches.get(batch_id, tenant.tenant)))


@router.post(
    "/batches/{batch_id}/cancel",
    status_code=202,
    response_model=BatchView,
    dependencies=[Depends(only())],
)
def post_cancel(batch_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Cancels what has not ended, in the background; one that is complete is answered as it is."""
    batch = stores.batches.get(batch_id, tenant.tenant)
    if batch.completedAt is None:
        stores.batches.ask_cancel(batch_id)
        _start(lambda: queues.send_batch(batch_id))
        batch = stores.batches.get(batch_id, tenant.tenant)
    return JSONResponse(batch_view(batch), 202)
