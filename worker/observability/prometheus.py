"""Prometheus metrics of a worker and its child processes, served on one port.

Uses the multiprocess mode of prometheus-client: each process counts in a memory-mapped file of its
own (some microseconds a value), and a scrape adds the files up. The file of a dead child stays, so
no counter ever decreases.
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
    """A listener that counts `measures` in `registry`; series without labels begin at 0."""

    def __init__(self, measures: Iterable[MetricSpec], registry: CollectorRegistry) -> None:
        self._series: dict[str, Any] = {one.name: series_of(one, registry) for one in measures}

    def __call__(self, measure: MetricSpec, value: float, labels: tuple[str, ...]) -> None:
        """Records a value; metrics that are not among `measures` are ignored."""
        series = self._series.get(measure.name)
        if series is None:
            return
        child = series.labels(*labels) if labels else series
        if measure.kind == "counter":
            child.inc(value)
        else:
            child.observe(value)


def series_of(measure: MetricSpec, registry: CollectorRegistry) -> Any:
    """The prometheus-client Counter or Histogram of a metric, registered in `registry`."""
    if measure.kind == "counter":
        return Counter(measure.name, measure.meaning, measure.labels, registry=registry)
    return Histogram(
        measure.name, measure.meaning, measure.labels, registry=registry, buckets=measure.buckets
    )


@cache
def _nvml() -> Any:
    """NVIDIA's management library, initialised; None without the library, a driver or a GPU."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # whatever is missing, there is no GPU to report on
        return None
    return pynvml


class GpuCollector(Collector):
    """Utilisation and memory of each GPU, read at every scrape; nothing where there are none."""

    def __init__(self, library: Callable[[], Any] = _nvml) -> None:
        self._library = library

    def describe(self) -> Iterator[Metric]:
        """Yields nothing, as registration happens before the fork and must not touch a GPU."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yields GPU_USE (0-1) and GPU_MEMORY (bytes) of each GPU now."""
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
    """Records values of this process, and of children that it forks from now on, for Prometheus."""
    listen(PrometheusRecorder(served_by("worker"), CollectorRegistry()))


def serve_metrics(host: str, port: int) -> Any:
    """Serves the metrics of all processes over HTTP from a thread; returns the server.

    Returns None, and logs an error, where the port is taken: a worker works without metrics too.
    """
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
