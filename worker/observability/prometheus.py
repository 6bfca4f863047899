"""A worker's series: what it and its children noted, served on a port of its own.

prometheus-client's multiprocess mode: each process counts in a mapped file of its own, some
microseconds a value; a scrape adds the files up. A child that died leaves its file, so no counter
ever goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from worker.observability.metrics import GPU_MEMORY, GPU_USE, MetricSpec, listen, served_by

log = structlog.get_logger()


class PrometheusRecorder:
    """Listens to `measures` and counts in `registry`; series without labels are there at once."""

    def __init__(self, measures: Iterable[MetricSpec], registry: CollectorRegistry) -> None:
        self._series: dict[str, Any] = {one.name: series_of(one, registry) for one in measures}

    def __call__(self, measure: MetricSpec, value: float, labels: tuple[str, ...]) -> None:
        """One value; what is not ours is left."""
        series = self._series.get(measure.name)
        if series is None:
            return
        child = series.labels(*labels) if labels else series
        if measure.kind == "counter":
            child.inc(value)
        else:
            child.observe(value)


def series_of(measure: MetricSpec, registry: CollectorRegistry) -> Any:
    """The counter or histogram of prometheus-client for a measure."""
    if measure.kind == "counter":
        return Counter(measure.name, measure.meaning, measure.labels, registry=registry)
    return Histogram(
        measure.name, measure.meaning, measure.labels, registry=registry, buckets=measure.buckets
    )


@cache
def _nvml() -> Any:
    """NVIDIA's management library, None where there is no library, driver or GPU."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # whatever is missing: nothing to tell
        return None
    return pynvml


class GpuCollector(Collector):
    """Use and memory of the GPUs at the scrape; nothing where there are none."""

    def __init__(self, library: Callable[[], Any] = _nvml) -> None:
        self._library = library

    def describe(self) -> Iterator[Metric]:
        """Nothing is read at registration, which comes before the fork."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """The state now."""
        nvml = self._library()
        if nvml is None:
            return
        use = GaugeMetricFamily(GPU_USE.name, GPU_USE.meaning, labels=GPU_USE.labels)
        memory = GaugeMetricFamily(GPU_MEMORY.name, GPU_MEMORY.meaning, labels=GPU_MEMORY.labels)
        for number in range(nvml.nvmlDeviceGetCount()):
            device = nvml.nvmlDeviceGetHandleByIndex(number)
            use.add_metric([str(number)], nvml.nvmlDeviceGetUtilizationRates(device).gpu / 100)
            amounts = nvml.nvmlDeviceGetMemoryInfo(device)
            memory.add_metric([str(number), "used"], amounts.used)
            memory.add_metric([str(number), "free"], amounts.free)
        yield use
        yield memory


def count_here() -> None:
    """Counts what this process notes, and what the children do that it forks from now on."""
    listen(PrometheusRecorder(served_by("worker"), CollectorRegistry()))


def serve_metrics(host: str, port: int) -> Any:
    """Serves the sum over all processes from a thread; returns the server, None where the port is
    taken: a worker that cannot be watched works all the same."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(GpuCollector())
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        log.error("metrics_not_served", port=port, error=str(error))
        return None
    log.info("metrics_served", host=host, port=port)
    return server
