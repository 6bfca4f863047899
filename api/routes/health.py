"""For machines that watch: live, ready, metrics."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import redis.exceptions
from anyio import to_thread
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from worker.queueing.queues import unserved
from worker.storage.errors import StoreUnavailable
from worker.storage.stores import Stores

router = APIRouter(tags=["health"])

READY_TIMEOUT_S = 3.0


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """This process serves."""
    return {"status": "ok"}


async def _answers(check: Callable[[], object]) -> bool:
    """Whether a server answered in time; a hanging check is left to end in its thread."""
    with anyio.move_on_after(READY_TIMEOUT_S):
        try:
            await to_thread.run_sync(check, abandon_on_cancel=True)
        except (redis.exceptions.RedisError, StoreUnavailable):
            return False
        return True
    return False


@router.get("/readyz", responses={503: {"description": "which server does not answer"}})
async def readyz(request: Request) -> JSONResponse:
    """Redis and S3 answer, and the bucket is there. Workers that take no jobs are named, and are
    none of this process's business: jobs are accepted and wait."""
    stores: Stores = request.app.state.stores
    found: dict[str, bool] = {}

    async def look(name: str, check: Callable[[], object]) -> None:
        found[name] = await _answers(check)

    async with anyio.create_task_group() as group:
        group.start_soon(look, "redis", stores.redis.ping)
        group.start_soon(look, "s3", stores.objects.ensure_bucket)
    ready = all(found.values())
    checks = {name: "ok" if found[name] else "no answer" for name in ("redis", "s3")}
    answer = {"status": "ready" if ready else "not ready", "checks": checks}
    workers = await _workers(stores) if found["redis"] else {}
    return JSONResponse(answer | workers, 200 if ready else 503)


async def _workers(stores: Stores) -> dict[str, object]:
    """How many live, which of them take no jobs, and why, and which queues have none that takes
    from them; nothing where Redis is silent."""
    try:
        alive = await to_thread.run_sync(stores.workers.alive)
    except redis.exceptions.RedisError:
        return {}
    resting = [{"name": one.name, "fault": one.fault} for one in alive if one.fault]
    return {"workers": {"alive": len(alive), "resting": resting, "queuesWithout": unserved(alive)}}


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
