"""Routes of uploads: clients PUT the bytes to the object store by presigned URLs."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse

from api.middleware.errors import invalid_parameter
from api.schemas.answers import UploadView
from api.schemas.jobs import CompleteUpload, NewUpload
from api.schemas.strict import allow_query_params
from api.services.authentication import StoresDep, TenantDep
from api.services.json_body import AuthenticatedRoute
from api.services.object_threads import with_objects
from worker.contract.errors import ErrorCode, JobError
from worker.storage.errors import Conflict, NotFound
from worker.storage.jobs.view import expiry
from worker.storage.objects.presigning import PART_BYTES
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.submission.jobs import check_upload_complete

router = APIRouter(
    route_class=AuthenticatedRoute, tags=["uploads"], dependencies=[Depends(allow_query_params())]
)


def _check_size(stores: Stores, tenant: Tenant, size: int) -> None:
    settings = stores.settings
    most = int(settings.limits(tenant.plan).most("uploadBytes", settings.max_upload_bytes))
    if size > most:
        raise JobError(
            ErrorCode.MEDIA_TOO_LARGE,
            f"An upload may have {most} bytes at most.",
            {"parameter": "bytes", "allowed": f"1 to {most}"},
        )


@router.post("/uploads", status_code=201, response_model=UploadView)
@with_objects
def create_upload(body: NewUpload, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Creates an upload: one presigned PUT, or one per part for a file over 64 MiB.

    PUT with exactly the given `headers` and number of bytes; the object store refuses other sizes
    and types.
    """
    _check_size(stores, tenant, body.bytes)
    given = body.filename, body.contentType, body.bytes
    limits = stores.settings.limits(tenant.plan)
    upload = stores.uploads.create(tenant.tenant, *given, tenant.owner, limits.storedBytes)
    stores.retention.keep_upload(tenant.tenant, upload.id, limits)
    answer: dict[str, Any] = {
        "id": upload.id,
        "method": "PUT",
        "expiresAt": expiry(stores.uploads.ttl_s),
    }
    if upload.partsId is None:
        answer["url"] = stores.uploads.url(upload)
        answer["headers"] = {"Content-Type": upload.contentType}
    else:
        answer["partBytes"] = PART_BYTES
        answer["parts"] = [msgspec.structs.asdict(part) for part in stores.uploads.parts(upload)]
    return JSONResponse(answer, 201)


@router.post("/uploads/{upload_id}/complete")
@with_objects
def complete_upload(
    upload_id: str, body: CompleteUpload, tenant: TenantDep, stores: StoresDep
) -> dict[str, Any]:
    """Joins the parts of a large upload; idempotent."""
    upload = stores.uploads.get(upload_id, tenant.tenant, tenant.owner)
    if upload.partsId is None:
        raise Conflict(f"{upload_id} does not go in parts: PUT it whole")
    count = -(-upload.bytes // PART_BYTES)
    numbers = sorted(part.number for part in body.parts)
    if numbers != list(range(1, count + 1)):
        raise invalid_parameter("parts", "Every part once, please.", f"parts 1 to {count}")
    # NotFound: joined already or never begun; the size of the object decides
    with contextlib.suppress(NotFound):
        stores.uploads.complete(upload, [(part.number, part.etag) for part in body.parts])
    check_upload_complete(stores, upload)
    return {"id": upload.id, "bytes": upload.bytes}
