"""Route of a tenant's usage by month."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from api.schemas.answers import UsageOfTenant
from api.schemas.jobs import UsageQuery
from api.services.authentication import StoresDep, TenantDep
from api.services.json_body import AuthenticatedRoute
from worker.storage.tenants.usage import next_month

router = APIRouter(route_class=AuthenticatedRoute, tags=["catalogue"])


@router.get("/usage", response_model=UsageOfTenant)
def get_usage(
    query: Annotated[UsageQuery, Query()], tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Returns jobs, media seconds and compute seconds by month (UTC), newest first.

    Each job counts once, in the month in which it ended; jobs that never started or failed by an
    internal error do not count. `quota` is that of the current month.
    """
    usage, name = stores.usage, tenant.tenant
    months = [usage.of_month(name, query.month)] if query.month else usage.months(name)
    resets, _ = next_month(stores.clock())
    quota = {
        "mediaMinutes": stores.settings.limits(tenant.plan).mediaMinutesPerMonth,
        "usedMinutes": round(usage.of_month(name).mediaSeconds / 60, 3),
        "resetsAt": resets,
    }
    shown = [msgspec.structs.asdict(month) for month in months]
    return JSONResponse({"tenant": name, "months": shown, "quota": quota})
