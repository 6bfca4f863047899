"""Routes of jobs: create, read, list, cancel, erase."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.schemas.answers import JobsView, JobView
from api.schemas.jobs import JobsQuery, NewAnalysis
from api.schemas.strict import allow_query_params
from api.services.authentication import AsyncRedisDep, StoresDep, TenantDep
from api.services.authorization import whole_tenant
from api.services.job_creation import analyze_again, create_job
from api.services.job_view import StartEstimator, job_view
from api.services.json_body import AuthenticatedRoute
from api.services.object_threads import run_with_objects, with_objects
from api.services.pagination import decode_cursor, encode_cursor, page_of
from worker.contract.jobs import JobStatus
from worker.lifecycle.completion import cancel_job
from worker.lifecycle.deletion import erase_job
from worker.storage import keys
from worker.storage.jobs.view import View
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.submission.schemas.jobs import NewJob

router = APIRouter(route_class=AuthenticatedRoute, tags=["jobs"])

MAX_WAIT_S = 60
_LOOK_S = (0.05, 0.1, 0.2, 0.5)
"""Seconds between polls of a job that a request waits for; the last one repeats."""


async def wait_for(client: Any, job_id: str, seconds: float) -> None:
    """Waits until the job is finished or erased, for `seconds` at most."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    pauses = list(_LOOK_S)
    while (left := end - loop.time()) > 0:
        status = await client.hget(keys.job(job_id), "status")
        if status is None or JobStatus(msgspec.json.decode(status)).final:
            return
        await asyncio.sleep(min(left, pauses.pop(0) if len(pauses) > 1 else pauses[0]))


@router.post(
    "/jobs",
    status_code=202,
    response_model=JobView,
    responses={200: {"model": JobView, "description": "finished within `wait` seconds"}},
    dependencies=[Depends(allow_query_params("wait"))],
)
async def post_job(
    body: NewJob,
    tenant: TenantDep,
    stores: StoresDep,
    client: AsyncRedisDep,
    wait: Annotated[int, Query(ge=0, le=MAX_WAIT_S, description="seconds")] = 0,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """Queues a job; with `wait` the answer comes when it is finished or the seconds are over."""
    view = await run_with_objects(_create, stores, tenant, body, idempotency_key)
    job_id, finished = view["id"], False
    if wait:
        await wait_for(client, job_id, wait)
        job = await run_in_threadpool(stores.jobs.get, job_id, tenant.tenant, tenant.owner)
        finished = job.status.final
        view = await run_in_threadpool(job_view, stores, job)
    location = {"Location": f"/v1/jobs/{job_id}"}
    return JSONResponse(view, 200 if finished else 202, headers=location)


def _create(stores: Stores, tenant: Tenant, body: NewJob, key: str | None) -> View:
    alive = stores.workers.lately_alive()
    job, place = create_job(stores, tenant, body, key, alive)
    return job_view(stores, job, StartEstimator(stores, alive), place)


@router.post(
    "/jobs/{job_id}/analyze",
    status_code=202,
    response_model=JobView,
    dependencies=[Depends(allow_query_params())],
)
def post_analysis(
    job_id: str, body: NewAnalysis, tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Creates a job that analyses the poses of an earlier one with other options, without decoding
    or estimating again."""
    alive = stores.workers.lately_alive()
    job, place = analyze_again(stores, tenant, job_id, body, alive)
    location = {"Location": f"/v1/jobs/{job.id}"}
    view = job_view(stores, job, StartEstimator(stores, alive), place)
    return JSONResponse(view, 202, headers=location)


@router.get("/jobs", response_model=JobsView, dependencies=[Depends(whole_tenant)])
def list_jobs(
    query: Annotated[JobsQuery, Query()], tenant: TenantDep, stores: StoresDep
) -> JSONResponse:
    """Lists your jobs, newest first; pass `next` as `cursor` for the next page until it is null."""
    place = None if query.cursor is None else decode_cursor(query.cursor)
    if query.batch is not None:
        stores.batches.get(query.batch, tenant.tenant)
    jobs, after = page_of(
        lambda after, count: stores.jobs.page(tenant.tenant, after, count, query.batch),
        place,
        query.limit,
        lambda job: query.status in (None, job.status),
    )
    estimator = StartEstimator(stores)
    views = [job_view(stores, job, estimator) for job in jobs]
    return JSONResponse({"jobs": views, "next": encode_cursor(after) if after else None})


@router.get("/jobs/{job_id}", response_model=JobView, dependencies=[Depends(allow_query_params())])
def get_job(job_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Returns a job with freshly signed URLs of its exports."""
    return JSONResponse(job_view(stores, stores.jobs.get(job_id, tenant.tenant, tenant.owner)))


@router.post(
    "/jobs/{job_id}/cancel", response_model=JobView, dependencies=[Depends(allow_query_params())]
)
def post_cancel(job_id: str, tenant: TenantDep, stores: StoresDep) -> JSONResponse:
    """Cancels a job: a queued one never starts, a running one stops at its next batch of frames.

    A job that has ended is returned unchanged.
    """
    job = stores.jobs.get(job_id, tenant.tenant, tenant.owner)
    if not job.status.final:
        cancel_job(stores, job.id)
        job = stores.jobs.get(job_id, tenant.tenant, tenant.owner)
    return JSONResponse(job_view(stores, job))


@router.delete("/jobs/{job_id}", status_code=204, dependencies=[Depends(allow_query_params())])
@with_objects
def delete_job(job_id: str, tenant: TenantDep, stores: StoresDep) -> Response:
    """Erases a job's upload, poses, messages, exports and record; a running job is stopped."""
    erase_job(stores, stores.jobs.get(job_id, tenant.tenant, tenant.owner))
    return Response(status_code=204)
