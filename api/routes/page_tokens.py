"""Route of short-lived tokens for the upload page, so that no API key is put into a URL."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from api.schemas.strict import Strict, WholeNumber, allow_query_params
from api.services.authentication import StoresDep, TenantDep
from api.services.json_body import AuthenticatedRoute
from worker.contract.scopes import LONGEST_PAGE_TOKEN_S, PAGE_TOKEN_S

router = APIRouter(route_class=AuthenticatedRoute, tags=["page tokens"])


class NewPageToken(Strict):
    """The lifetime of a new page token."""

    expiresInSeconds: WholeNumber = Field(PAGE_TOKEN_S, ge=60, le=LONGEST_PAGE_TOKEN_S)


class PageTokenView(BaseModel):
    """A new page token, which cannot be read again later."""

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
    """Creates a token for `GET /pose_tracker/upload_tracking?token=…`.

    A page token may upload, and create, read, cancel and erase its own jobs; it has no access to
    anything else of the tenant. It is valid for an hour by default, never longer than the key that
    makes it, and is revoked with that key.
    """
    token, record = stores.keys.create_page_token(tenant, body.expiresInSeconds)
    view = {"token": token, "expiresAt": record.expiresAt, "scopes": list(record.scopes)}
    return JSONResponse(view, 201)
