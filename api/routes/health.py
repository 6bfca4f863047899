"""For machines that watch: live, ready, metrics."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import redis.exceptions
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from worker.queueing.queues import unserved
from worker.storage import keys
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.stores import Stores

router = APIRouter(tags=["health"])

READY_TIMEOUT_S = 3.0
_CHECKS = CapacityLimiter(16)
"""Threads of their own: a server that hangs holds neither requests nor the other server's check."""
_SERVERS = ("redis", "s3")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """This process serves."""
    return {"status": "ok"}


async def _answers(check: Callable[[], object]) -> bool:
    """Whether a server answered in time; a hanging check is left to end in its thread."""
    with anyio.move_on_after(READY_TIMEOUT_S):
        try:
            await to_thread.run_sync(check, abandon_on_cancel=True, limiter=_CHECKS)
        except (redis.exceptions.RedisError, StoreUnavailable, NotFound):
            return False
        return True
    return False


@router.get("/readyz", responses={503: {"description": "which server does not answer"}})
async def readyz(request: Request) -> JSONResponse:
    """Redis takes writes, S3 answers, and the bucket is there; `?require=redis` asks for less:
    without S3 this process still reads jobs and messages. Workers that take no jobs are named, and
    are none of its business: jobs are accepted and wait."""
    stores: Stores = request.app.state.stores
    checks: dict[str, Callable[[], object]] = {
        "redis": lambda: stores.redis.set(keys.WRITABLE, 1, ex=60),
        "s3": stores.objects.check,
    }
    found: dict[str, bool] = {}

    async def look(name: str) -> None:
        found[name] = await _answers(checks[name])

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
    workers = await _workers(stores) if found["redis"] else {}
    return JSONResponse(answer | workers, 200 if ready else 503)


async def _workers(stores: Stores) -> dict[str, object]:
    """How many live, which of them take no jobs, and why, and which queues have none that takes
    from them; nothing where Redis is silent."""
    try:
        alive = await to_thread.run_sync(stores.workers.alive, limiter=_CHECKS)
    except redis.exceptions.RedisError:
        return {}
    resting = [{"name": one.name, "fault": one.fault} for one in alive if one.fault]
    return {"workers": {"alive": len(alive), "resting": resting, "queuesWithout": unserved(alive)}}


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
