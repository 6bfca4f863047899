"""Short-lived tokens for the upload page, so that no key of a tenant stands in an address."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StrictInt
from starlette.responses import JSONResponse

from api.schemas.strict import Strict, allow_query_params
from api.services.authentication import StoresDep, TenantDep
from api.services.json_body import AuthenticatedRoute
from worker.contract.scopes import LONGEST_PAGE_TOKEN_S, PAGE_TOKEN_S

router = APIRouter(route_class=AuthenticatedRoute, tags=["page tokens"])


class NewPageToken(Strict):
    """How long it is to hold."""

    expiresInSeconds: StrictInt = Field(PAGE_TOKEN_S, ge=60, le=LONGEST_PAGE_TOKEN_S)


class PageTokenView(BaseModel):
    """A page token; it is shown now and never again."""

    token: str = Field(examples=["pq_page_…"])
    expiresAt: str
    scopes: list[str]


@router.post(
    "/page-tokens",
    status_code=201,
    response_model=PageTokenView,
    dependencies=[Depends(allow_query_params())],
)
def post_page_token(body: NewPageToken, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """A token for `GET /pose_tracker/upload_tracking?token=…`: it uploads, and makes, reads, stops
    and erases its own jobs; nothing else of the tenant exists for it.

    It holds an hour unless told otherwise, never longer than the key that makes it, and ends when
    that is revoked.
    """
    token, record = stores.keys.create_page_token(tenant, body.expiresInSeconds)
    view = {"token": token, "expiresAt": record.expiresAt, "scopes": list(record.scopes)}
    return JSONResponse(view, 201)
