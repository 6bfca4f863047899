"""Prometheus metrics: requests as they are answered, queues and workers at each scrape.

All metrics are declared in `worker/observability/metrics.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import redis.exceptions
import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.system_metrics import State, collect_system_state
from worker.observability.metrics import HTTP_REQUESTS, HTTP_SECONDS, served_by
from worker.observability.prometheus import PrometheusRecorder
from worker.observability.tracing import note_incoming
from worker.storage.stores import Stores

log = structlog.get_logger()


_NO_ROUTE = "none"


def route_template(scope: Scope) -> str:
    """Returns the matched route with the names of its parameters, `none` if nothing matched.

    FastAPI stores the route as declared, without the prefix of its router; the prefix has no
    parameters, so it is the rest of the request's path.
    """
    declared = getattr(scope.get("route"), "path", None)
    if declared is None:
        return _NO_ROUTE
    segments = scope["path"].split("/")
    prefix = "/".join(segments[: len(segments) - declared.count("/")])
    return f"{prefix}{declared}"


class RequestMetrics:
    """Counts and times requests by route template, so that ids create no time series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.meters = PrometheusRecorder(served_by("api"), registry)

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Records the begin of an answer."""
        route = route_template(scope)
        method = scope["method"] if route != _NO_ROUTE else "other"
        self.meters(HTTP_REQUESTS, 1, (method, route, str(status)))
        self.meters(HTTP_SECONDS, seconds, (method, route))


class RequestMetricsMiddleware:
    """Middleware that feeds RequestMetrics."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        note_incoming(Headers(scope=scope).get("traceparent"))
        begun = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._metrics.observe(scope, status, time.perf_counter() - begun)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if not status:  # answered by the outermost error handler
                self._metrics.observe(scope, 500, time.perf_counter() - begun)
            raise


class StoreCollector(Collector):
    """Collects the state of queues, jobs, workers and streams; empty if Redis does not answer."""

    def __init__(self, stores: Callable[[], Stores]) -> None:
        self._stores = stores

    def describe(self) -> Iterator[Metric]:
        """Yields nothing, so that registration reads nothing from Redis."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yields the current state."""
        try:
            yield from list(_families(collect_system_state(self._stores())))
        except redis.exceptions.RedisError as error:
            log.warning("metrics_without_redis", error=str(error))


def _families(state: State) -> Iterator[Metric]:
    for measure, values in state.items():
        if measure.kind == "counter":
            yield CounterMetricFamily(measure.name, measure.meaning, values[()])
            continue
        family = GaugeMetricFamily(measure.name, measure.meaning, labels=measure.labels)
        for labels, value in values.items():
            family.add_metric(labels, value)
        yield family
