"""Authenticates requests by a Bearer key, looked up by its digest. Keys are never logged."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.concurrency import run_in_threadpool

from api.middleware.rate_limit import count_refused, count_request
from worker.contract.errors import BAD_TOKEN, ErrorCode, JobError
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant

_STATE = "tenant"
_bearer = HTTPBearer(auto_error=False, description="A key made with `posequeue keys create`.")


async def get_stores(request: Request) -> Stores:
    """Returns the stores of the application."""
    # a coroutine, like other non-blocking dependencies: FastAPI runs plain functions in a thread
    stores: Stores = request.app.state.stores
    return stores


async def get_async_redis(request: Request) -> Any:
    """Returns the application's async Redis client."""
    return request.app.state.redis


StoresDep = Annotated[Stores, Depends(get_stores)]
AsyncRedisDep = Annotated[Any, Depends(get_async_redis)]


def authenticate(request: Request) -> Tenant:
    """Returns the tenant of a request's key and counts the request against the tenant's rate.

    Repeated calls for a request return the same tenant and count once. Raises JobError
    `missing_token` or `invalid_token`, and LimitExceeded `rate_limited`, by tenant or by an address
    with many wrong keys. A valid key is accepted from such an address too, as clients may share
    it; 256 random bits cannot be guessed.
    """
    state = request.scope.setdefault("state", {})
    known: Tenant | None = state.get(_STATE)
    if known is not None:
        return known
    stores: Stores = request.app.state.stores
    scheme, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not key.strip():
        raise JobError(
            ErrorCode.MISSING_TOKEN,
            f"{BAD_TOKEN} The header 'Authorization: Bearer <key>' is missing.",
            {"parameter": "Authorization"},
        )
    tenant = stores.keys.find(key.strip())
    if tenant is None:
        count_refused(stores, request.client.host if request.client else "")
        raise JobError(
            ErrorCode.INVALID_TOKEN,
            f"{BAD_TOKEN} The key is unknown, expired or revoked.",
            {"parameter": "Authorization"},
        )
    count_request(stores, tenant, request.scope)
    state[_STATE] = tenant
    return tenant


async def get_tenant(
    request: Request,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Tenant:
    """FastAPI dependency for the tenant of a request's key; raises as `authenticate`."""
    known: Tenant | None = request.scope.get("state", {}).get(_STATE)
    # a thread only where Redis is to be asked: a route with a body has authenticated already
    return await run_in_threadpool(authenticate, request) if known is None else known


TenantDep = Annotated[Tenant, Depends(get_tenant)]
