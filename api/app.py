"""The FastAPI application."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

import structlog
from fastapi import APIRouter, Depends, FastAPI
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from api.frontend.content_security_policy import parse_embedders
from api.middleware import errors
from api.middleware.body_limit import BodyLimit
from api.middleware.head_requests import HeadRequests
from api.middleware.path_form import PathForm
from api.middleware.rate_limit import FIELDS, RateLimitHeaders
from api.middleware.request_metrics import RequestMetrics, RequestMetricsMiddleware, StoreCollector
from api.middleware.security_headers import SecurityHeaders
from api.routes import (
    batches,
    catalogue,
    docs,
    health,
    jobs,
    messages,
    page_tokens,
    pages,
    references,
    uploads,
    usage,
    webhooks,
    websocket,
)
from api.schemas import openapi_examples
from api.schemas.answers import ProblemView
from api.services.authorization import scope_required
from api.services.shared_call import SharedCalls
from api.streaming.open_streams import OpenStreams
from api.streaming.stream_reader import StreamReader
from worker.contract.scopes import Scope
from worker.observability.metrics import listening
from worker.settings import Settings
from worker.storage.connection import connect_async
from worker.storage.errors import StoreUnavailable
from worker.storage.stores import Stores

log = structlog.get_logger()

_DESCRIPTION = """Analyses uploaded exercise videos and images: upload, create a job, read its
messages. Errors are `application/problem+json`."""


def _origins(settings: Settings) -> list[str]:
    return [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]


async def _prepare_bucket(app: FastAPI, origins: list[str]) -> None:
    """Creates the bucket and its CORS rules; without S3 the API starts all the same."""
    objects = app.state.stores.objects
    try:
        await run_in_threadpool(objects.ensure_bucket)
        await run_in_threadpool(objects.allow_browsers, origins)
    except StoreUnavailable as error:
        log.warning("bucket_not_prepared", error=str(error))


def _add_middleware(app: FastAPI, metrics: RequestMetrics, origins: list[str]) -> None:
    """Adds all middleware; the last one added handles a request first."""
    app.add_middleware(RateLimitHeaders)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        # polyfills and tracing add theirs; none of them lets anybody in, for there are no cookies
        allow_headers=["*"],
        expose_headers=["Location", "Retry-After", *FIELDS],
        max_age=3600,
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestMetricsMiddleware, metrics=metrics)
    app.add_middleware(PathForm)  # the others look at the path
    app.add_middleware(HeadRequests)


def _routes() -> APIRouter:
    schema = ProblemView.model_json_schema()
    problem = {
        "description": "a refusal",
        "content": {"application/problem+json": {"schema": schema}},
    }
    versioned = APIRouter(prefix="/v1", responses={"4XX": problem, "503": problem})
    # authentication and scopes come first, so that every answer has the rate limit fields
    work = scope_required(Scope.JOBS_READ, Scope.JOBS_WRITE, pages=True)
    whole = scope_required(Scope.JOBS_READ, Scope.JOBS_WRITE)
    manage = scope_required(Scope.WEBHOOKS_WRITE, Scope.WEBHOOKS_WRITE)
    rooms = (
        (uploads, work), (jobs, work), (batches, whole), (messages, work), (references, whole),
        (webhooks, manage), (usage, whole), (page_tokens, whole),
        (catalogue, scope_required(None, pages=True)),
    )  # fmt: skip
    for here, check in rooms:
        versioned.include_router(here.router, dependencies=[Depends(check)])
    versioned.include_router(websocket.router)
    return versioned


def create_app(settings: Settings) -> FastAPI:
    """Builds the application; its stores are opened from `settings` when it starts.

    Wake-ups are sent by `worker.queueing.celery_app`, whose broker comes from the process-wide
    `worker.settings.settings()`: both must name the same Redis.
    """
    origins, registry = _origins(settings), CollectorRegistry()
    metrics = RequestMetrics(registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.stores = Stores(settings)
        app.state.redis = connect_async(
            settings.redis_url.get_secret_value(), settings.redis_ca_certs
        )
        app.state.tails = StreamReader(app.state.redis)
        app.state.tails.start()
        app.state.shared = SharedCalls()
        app.state.streams = OpenStreams(app.state.stores)
        app.state.streams.start()
        with listening(metrics.meters):
            await _prepare_bucket(app, origins)
            yield
        await app.state.streams.close()
        await app.state.tails.close()
        await app.state.redis.aclose()
        await run_in_threadpool(app.state.stores.redis.close)

    app = FastAPI(
        title="PoseQueue",
        version=metadata.version("posequeue"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.embedders = parse_embedders(settings.page_embedders)
    app.state.registry = registry
    app.state.keyless = Counter()  # sockets that have sent no key yet, by network of the client
    registry.register(StoreCollector(lambda: app.state.stores))
    _add_middleware(app, metrics, origins)
    errors.install(app)
    app.include_router(_routes())
    app.include_router(health.router)
    app.include_router(docs.router)
    app.include_router(pages.router)
    openapi_examples.show_examples(app)
    return app
