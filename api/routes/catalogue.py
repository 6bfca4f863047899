"""Routes of reference data: exercises, the JSON Schema of messages, the caller's plan."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import JSONResponse

from api.middleware.body_limit import MAX_BODY_BYTES
from api.schemas.strict import allow_query_params
from api.services.authentication import StoresDep, TenantDep, get_tenant
from api.services.json_body import AuthenticatedRoute
from worker.contract.editions import Edition
from worker.contract.exercises import ALIASES, CATALOGUE, ExerciseInfo
from worker.contract.plans import GATED, Plan
from worker.contract.schema import message_schema
from worker.storage.objects.presigning import PART_BYTES, SINGLE_PUT_BYTES
from worker.submission.schemas.jobs import MAX_METADATA_BYTES

router = APIRouter(route_class=AuthenticatedRoute, tags=["catalogue"])


class SchemaResponse(JSONResponse):
    """A response of type `application/schema+json`."""

    media_type = "application/schema+json"


def _exercise(entry: ExerciseInfo) -> dict[str, Any]:
    aliases = sorted(alias for alias, name in ALIASES.items() if name == entry.id)
    return {**msgspec.structs.asdict(entry), "aliases": aliases}


@router.get("/exercises", dependencies=[Depends(get_tenant), Depends(allow_query_params())])
def get_exercises() -> dict[str, Any]:
    """Lists all exercises: what each counts, the camera's view it needs, its aliases."""
    return {"exercises": [_exercise(entry) for entry in CATALOGUE.values()]}


@router.get(
    "/schema/messages.json",
    dependencies=[Depends(get_tenant), Depends(allow_query_params("edition"))],
    response_class=SchemaResponse,
)
def get_schema(edition: Annotated[Edition, Query()] = Edition.V3) -> JSONResponse:
    """Returns the JSON Schema (2020-12) of the messages in an edition."""
    return SchemaResponse(message_schema(edition))


@router.get("/me", dependencies=[Depends(allow_query_params())])
def get_me(tenant: TenantDep, stores: StoresDep) -> dict[str, Any]:
    """Returns the tenant, plan, scopes and limits of the key."""
    settings, limits = stores.settings, stores.settings.limits(tenant.plan)
    of_plan = msgspec.structs.asdict(limits)
    return {
        "tenant": tenant.tenant,
        "plan": tenant.plan.value,
        "keyId": tenant.keyId,
        "name": tenant.name,
        "scopes": list(tenant.scopes),
        "expiresAt": tenant.expiresAt,
        "blocked": list(GATED) if tenant.plan is Plan.FREE else [],
        "limits": {
            **of_plan,
            "uploadBytes": limits.most("uploadBytes", settings.max_upload_bytes),
            "singlePutBytes": SINGLE_PUT_BYTES,
            "partBytes": PART_BYTES,
            "mediaSeconds": limits.most("mediaSeconds", settings.max_duration_s),
            "pixels": limits.most("pixels", settings.max_pixels),
            "frames": limits.most("frames", settings.max_frames),
            "requestBytes": MAX_BODY_BYTES,
            "metadataBytes": MAX_METADATA_BYTES,
        },
    }
