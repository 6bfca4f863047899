"""Prometheus metrics: requests as they end, queue and workers as they are at the scrape."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator

import redis.exceptions
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.store import keys
from worker.store.bundle import Stores
from worker.store.trimming import webhook_lag

log = structlog.get_logger()


_NO_ROUTE = "none"


def route_template(scope: Scope) -> str:
    """The matched route with its parameters' names, `none` where nothing matched.

    FastAPI notes the route as it was declared, without the prefix it was included under; the
    prefix has no parameters, so it is the rest of the request's path.
    """
    declared = getattr(scope.get("route"), "path", None)
    if declared is None:
        return _NO_ROUTE
    segments = scope["path"].split("/")
    prefix = "/".join(segments[: len(segments) - declared.count("/")])
    return f"{prefix}{declared}"


class RequestMetrics:
    """Counts and times requests by route template, so that ids make no series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "posequeue_http_requests",
            "HTTP requests answered",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "posequeue_http_response_seconds",
            "Seconds until an HTTP answer began",
            ["method", "route"],
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """One answer began."""
        route = route_template(scope)
        method = scope["method"] if route != _NO_ROUTE else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


class MeasureRequests:
    """Middleware that feeds RequestMetrics."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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
            if not status:  # the answer to it is made further out
                self._metrics.observe(scope, 500, time.perf_counter() - begun)
            raise


class StoreCollector(Collector):
    """Jobs by state and workers by kind; nothing where Redis is silent."""

    def __init__(self, stores: Callable[[], Stores]) -> None:
        self._stores = stores

    def describe(self) -> Iterator[Metric]:
        """Nothing is read at registration."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """The state now."""
        stores = self._stores()
        try:
            states = {
                "queued": stores.waiting.total(),
                "running": stores.redis.zcard(keys.RUNNING),
            }
            kinds = Tally(worker.kind for worker in stores.workers.alive())
            lag = webhook_lag(stores.redis, stores.settings.firehose_partitions)
            cut = sum(map(int, stores.redis.hvals(keys.FIREHOSE_CUT)))
        except redis.exceptions.RedisError as error:
            log.warning("metrics_without_redis", error=str(error))
            return
        jobs = GaugeMetricFamily("posequeue_jobs", "Jobs that are not finished", labels=["state"])
        for state, count in states.items():
            jobs.add_metric([state], count)
        yield jobs
        workers = GaugeMetricFamily("posequeue_workers", "Workers that live", labels=["kind"])
        for kind in ("cpu", "gpu"):
            workers.add_metric([kind], kinds[kind])
        yield workers
        yield GaugeMetricFamily(
            "posequeue_webhook_lag", "Firehose entries that webhooks have not dispatched", lag
        )
        yield CounterMetricFamily(
            "posequeue_firehose_cut", "Firehose entries trimmed before webhooks read them", cut
        )
