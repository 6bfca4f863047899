"""Routes for monitoring: liveness, readiness, metrics."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import redis.exceptions
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.services.shared_call import SharedCalls
from worker.queueing.queues import unserved
from worker.storage import keys
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.stores import Stores

router = APIRouter(tags=["health"])

READY_TIMEOUT_S = 3.0
_CHECKS = CapacityLimiter(16)
"""Separate threads: a hanging server must block neither requests nor the other server's check."""
_SERVERS = ("redis", "s3")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Liveness: this process answers requests."""
    return {"status": "ok"}


async def _answers(check: Callable[[], object]) -> bool:
    """Returns whether a server answered in time; a hanging check is left to end in its thread."""
    with anyio.move_on_after(READY_TIMEOUT_S):
        try:
            await to_thread.run_sync(check, abandon_on_cancel=True, limiter=_CHECKS)
        except (redis.exceptions.RedisError, StoreUnavailable, NotFound):
            return False
        return True
    return False


@router.get("/readyz", responses={503: {"description": "which server does not answer"}})
async def readyz(request: Request) -> JSONResponse:
    """Readiness: Redis takes writes, S3 answers, and the bucket exists.

    With `?require=redis` Redis is enough, as jobs and messages can be read without S3. Workers that
    take no jobs are listed, but do not count: jobs are accepted and queued.
    """
    stores: Stores = request.app.state.stores
    checks: dict[str, Callable[[], object]] = {
        "redis": lambda: stores.redis.set(keys.WRITABLE, 1, ex=60),
        "s3": stores.objects.check,
    }
    found: dict[str, bool] = {}
    shared: SharedCalls = request.app.state.shared

    async def look(name: str) -> None:
        found[name] = await shared.get(name, lambda: _answers(checks[name]))

    async with anyio.create_task_group() as group:
        for name in checks:
            group.start_soon(look, name)
    required = request.query_params.get("require", "").split(",")
    named = set(required) & set(_SERVERS) or set(_SERVERS)
    ready = all(found[name] for name in named)
    answer = {
        "status": "ready" if ready else "not ready",
        "checks": {name: "ok" if found[name] else "no answer" for name in _SERVERS},
    }
    workers = await shared.get("workers", lambda: _workers(stores)) if found["redis"] else {}
    return JSONResponse(answer | workers, 200 if ready else 503)


async def _workers(stores: Stores) -> dict[str, object]:
    """Returns the number of live workers, those that take no jobs and why, and the queues without
    any worker; empty where Redis does not answer."""
    try:
        alive = await to_thread.run_sync(stores.workers.alive, limiter=_CHECKS)
    except redis.exceptions.RedisError:
        return {}
    resting = [{"name": one.name, "fault": one.fault} for one in alive if one.fault]
    return {"workers": {"alive": len(alive), "resting": resting, "queuesWithout": unserved(alive)}}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Returns the metrics in Prometheus' text format."""
    registry, shared = request.app.state.registry, request.app.state.shared
    text = await shared.get("metrics", lambda: run_in_threadpool(generate_latest, registry))
    return Response(text, media_type=CONTENT_TYPE_LATEST)
