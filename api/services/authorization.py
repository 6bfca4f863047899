"""Authorization: the scopes that each router needs, and the restrictions of page tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from api.middleware.errors import ScopeMissing
from api.services.authentication import TenantDep
from worker.contract.scopes import Scope, allows
from worker.storage.tenants.api_keys import Tenant
from worker.submission.schemas.jobs import NewJob

Check = Callable[[Request, Tenant], Awaitable[None]]


def check_scope(tenant: Tenant, scope: Scope) -> None:
    """Raises ScopeMissing where the key does not have `scope`."""
    if not allows(tenant.scopes, scope):
        raise ScopeMissing(f"This key may not do that: it lacks the scope '{scope}'.", scope)


def check_whole(tenant: Tenant) -> None:
    """Raises ScopeMissing for a page token, in calls about a whole tenant."""
    if tenant.owner is not None:
        raise ScopeMissing("A page token may upload, and run and read its own jobs, only.", None)


def scope_required(read: Scope | None, write: Scope | None = None, *, pages: bool = False) -> Check:
    """Returns a FastAPI dependency of a router that checks the scope of a key.

    `read` is the scope for GET, `write` for other methods; page tokens are accepted only
    with `pages`.
    """

    async def check(request: Request, tenant: TenantDep) -> None:
        if not pages:
            check_whole(tenant)
        scope = read if request.method == "GET" else write
        if scope is not None:
            check_scope(tenant, scope)

    return check


async def whole_tenant(tenant: TenantDep) -> None:
    """FastAPI dependency that refuses page tokens, for single calls of a router open to them."""
    check_whole(tenant)


def check_page_job(tenant: Tenant, body: NewJob) -> None:
    """Raises ScopeMissing for a page token's job with a webhook or an input from a bucket."""
    if tenant.owner is None:
        return
    if body.webhook is not None or (body.input.url or "").lower().startswith("s3:"):
        raise ScopeMissing("A page token's job takes no webhook and reads from no bucket.", None)
