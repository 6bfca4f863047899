"""Routes of reference movements, made from a clip of one clean rep and used by jobs."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import JSONResponse, Response

from api.middleware.errors import invalid_parameter
from api.schemas.answers import ReferencesView, ReferenceView
from api.schemas.jobs import NewReference, ReferencesQuery
from api.schemas.strict import allow_query_params
from api.services.authentication import StoresDep, TenantDep
from api.services.job_creation import check_minutes, check_queue, queued
from api.services.json_body import AuthenticatedRoute
from api.services.object_threads import with_objects
from api.services.pagination import decode_cursor, encode_cursor
from worker.contract.options import JobOptions
from worker.contract.references import Reference
from worker.lifecycle.deletion import erase_reference
from worker.storage.clock import iso
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.submission.jobs import input_of, new_record

router = APIRouter(route_class=AuthenticatedRoute, tags=["references"])


def reference_view(reference: Reference) -> dict[str, Any]:
    """Converts a reference to its JSON view, without empty fields."""
    seen: dict[str, Any] = {
        "id": reference.id,
        "status": reference.status.value,
        "name": reference.name,
        "createdAt": reference.createdAt,
        "durationMs": reference.durationMs,
        "error": reference.error,
        "links": {"self": f"/v1/references/{reference.id}"},
    }
    return {name: value for name, value in seen.items() if value is not None}


def create_reference(stores: Stores, tenant: Tenant, body: NewReference) -> Reference:
    """Stores a reference and queues the hidden job that makes it.

    Raises JobError, NotFound, Conflict, LimitExceeded and StoreUnavailable as for a job; nothing
    is stored then.
    """
    name = "ref_" + secrets.token_hex(12)
    given, content_type = input_of(stores, tenant, body.input, reference=name)
    if content_type.startswith("image/"):
        raise invalid_parameter("input", "A reference is made from a video.", "a video")
    check_queue(stores, tenant)
    check_minutes(stores, tenant, "video")
    alive = stores.workers.alive()
    job = new_record(stores, tenant, given, JobOptions(firehose="none"), alive)
    reference = Reference(
        id=name, tenant=tenant.tenant, job=job.id, name=body.name, createdAt=iso(stores.clock())
    )
    stores.references.create(reference)
    try:
        queued(stores, job, alive)
    except Exception:
        stores.references.erase(reference)
        raise
    return reference


@router.post(
    "/references",
    status_code=202,
    response_model=ReferenceView,
    dependencies=[Depends(allow_query_params())],
)
@with_objects
def post_reference(body: NewReference, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Makes a reference movement from a clip of one clean rep, from the start pose back to it.

    The poses are kept, the clip is erased. Once it is `ready`, jobs with its id in
    `options.reference` are counted and scored against it.
    """
    reference = create_reference(stores, tenant, body)
    location = {"Location": f"/v1/references/{reference.id}"}
    return JSONResponse(reference_view(reference), 202, headers=location)


@router.get("/references", response_model=ReferencesView)
def list_references(
    query: Annotated[ReferencesQuery, Query()], tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Lists your references, newest first; pass `next` as `cursor` for more until it is null."""
    place = None if query.cursor is None else decode_cursor(query.cursor)
    # one more row than requested shows whether there is a next page
    rows = stores.references.page(tenant.tenant, place, query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    after = encode_cursor((shown[-1][0], shown[-1][1].id)) if more else None
    return JSONResponse({"references": [reference_view(one) for _, one in shown], "next": after})


@router.get(
    "/references/{reference_id}",
    response_model=ReferenceView,
    dependencies=[Depends(allow_query_params())],
)
def get_reference(reference_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Returns a reference; `error` says why it failed, `durationMs` is the duration of its rep."""
    return JSONResponse(reference_view(stores.references.get(reference_id, tenant.tenant)))


@router.delete(
    "/references/{reference_id}", status_code=204, dependencies=[Depends(allow_query_params())]
)
@with_objects
def delete_reference(reference_id: str, tenant: TenantDep, stores: StoresDep) -> Response:
    """Erases a reference, and stops the job that makes it; running jobs go on with its poses."""
    erase_reference(stores, stores.references.get(reference_id, tenant.tenant))
    return Response(status_code=204)
