"""Every metric once (name, kind, unit, meaning, labels), and the functions that record values.

Code that measures calls `record` or `timed` and does not depend on Prometheus; without a listener,
as in `posequeue analyze`, that costs nothing. `prometheus.py` and the API's `request_metrics.py`
listen and make series.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

Kind = Literal["counter", "gauge", "histogram"]
By = Literal["api", "worker", "both"]
T = TypeVar("T")
_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_WORK = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_WAIT = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 86_400.0)
_HTTP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True)
class MetricSpec:
    """One metric. `by` is the process that exposes it, `buckets` are upper bounds of a
    histogram."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    by: By = "worker"

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the metric's series in Prometheus, with their suffixes."""
        return tuple(self.name + end for end in _SUFFIXES[self.kind])


HTTP_REQUESTS = MetricSpec(
    "posequeue_http_requests", "counter", "requests", "HTTP requests answered",
    ("method", "route", "status"), by="api",
)  # fmt: skip
HTTP_SECONDS = MetricSpec(
    "posequeue_http_response_seconds", "histogram", "seconds", "Seconds until an HTTP answer began",
    ("method", "route"), _HTTP, by="api",
)  # fmt: skip
JOBS = MetricSpec(
    "posequeue_jobs", "gauge", "jobs", "Jobs that are not finished", ("state",), by="api"
)
WORKERS = MetricSpec(
    "posequeue_workers", "gauge", "workers", "Workers that live", ("kind",), by="api"
)
WORKERS_RESTING = MetricSpec(
    "posequeue_workers_resting", "gauge", "workers",
    "Live workers that take no jobs, by what of them is at fault: models, disk or s3", ("fault",),
    by="api",
)  # fmt: skip
WORKER_SLOTS = MetricSpec(
    "posequeue_worker_slots", "gauge", "jobs",
    "Jobs that live workers of a queue can run at once", ("queue",), by="api",
)  # fmt: skip
QUEUE_DEPTH = MetricSpec(
    "posequeue_queue_depth", "gauge", "jobs or tasks",
    "What waits in a queue: jobs in pose.*, tasks in the others", ("queue",), by="api",
)  # fmt: skip
QUEUE_AGE = MetricSpec(
    "posequeue_queue_age_seconds", "gauge", "seconds",
    "For how long what is oldest in a queue has waited; 0 where nothing waits", ("queue",),
    by="api",
)  # fmt: skip
STREAM_LAG = MetricSpec(
    "posequeue_stream_lag", "gauge", "entries",
    "Firehose entries that a consumer group has not acknowledged", ("group",), by="api",
)  # fmt: skip
WEBHOOK_LAG = MetricSpec(
    "posequeue_webhook_lag", "gauge", "entries",
    "Firehose entries that webhooks have not dispatched", by="api",
)  # fmt: skip
WEBHOOK_DUE = MetricSpec(
    "posequeue_webhook_due_seconds", "gauge", "seconds",
    "For how long the endpoint that is due longest has waited for its turn", by="api",
)  # fmt: skip
FIREHOSE_CUT = MetricSpec(
    "posequeue_firehose_cut", "counter", "entries",
    "Firehose entries trimmed before webhooks read them", by="api",
)  # fmt: skip
JOBS_FINISHED = MetricSpec(
    "posequeue_jobs_finished", "counter", "jobs", "Jobs that ended, by how", ("status",), by="both"
)
REDIS_SECONDS = MetricSpec(
    "posequeue_redis_seconds", "histogram", "seconds",
    "Round trips to Redis: commands, scripts and pipelines, none that block", buckets=_QUICK,
    by="both",
)  # fmt: skip
S3_SECONDS = MetricSpec(
    "posequeue_s3_seconds", "histogram", "seconds", "Calls of S3, retries included",
    ("operation",), _WORK, by="both",
)  # fmt: skip
S3_FAILURES = MetricSpec(
    "posequeue_s3_failures", "counter", "calls",
    "Calls of S3 that got no answer, or one of 500 and above", ("operation",), by="both",
)  # fmt: skip
STAGE_SECONDS = MetricSpec(
    "posequeue_stage_seconds", "histogram", "seconds",
    "Time by stage: wait once a job, until its first start; fetch once an attempt, export once a "
    "file; decode, infer, motion and publish once a chunk, which is two seconds of media. Decoding "
    "goes on beside inference, and publishing beside both: their time is what was waited for them",
    ("stage",), _WORK,
)  # fmt: skip
FRAMES = MetricSpec(
    "posequeue_frames", "counter", "frames", "Video frames whose poses were estimated"
)
SECOND_LOOKS = MetricSpec(
    "posequeue_second_looks", "counter", "frames",
    "Video frames whose poses were doubted and estimated once more",
)  # fmt: skip
BATCH_FILL = MetricSpec(
    "posequeue_batch_fill", "histogram", "ratio", "How full a batch on a GPU was, of 1",
    buckets=(0.1, 0.25, 0.5, 0.75, 0.9, 1.0),
)  # fmt: skip
GPU_FALLBACKS = MetricSpec(
    "posequeue_gpu_fallbacks", "counter", "fallbacks",
    "What a GPU was there for and did not do. inference: to the provider that a model runs on "
    "instead; batch: to smaller, as its memory was full; decode: to software; encode: to libx264",
    ("stage", "to"),
)  # fmt: skip
CHILD_FAILURES = MetricSpec(
    "posequeue_child_failures", "counter", "processes",
    "Children that read media (ffmpeg and ours) and failed: error, limit or stalled",
    ("program", "why"),
)  # fmt: skip
RETRIES = MetricSpec(
    "posequeue_job_retries", "counter", "jobs",
    "Jobs let go before their end: handed over at a stop, put back after a fault of the machine, "
    "taken over by another worker, or at the end of a turn", ("why",),
)  # fmt: skip
LEASES_LOST = MetricSpec(
    "posequeue_leases_lost", "counter", "leases", "Leases that ran out: their worker fell silent"
)
BREAKER_OPENED = MetricSpec(
    "posequeue_breaker_opened", "counter", "openings",
    "Times a worker stopped taking jobs, by what of it was at fault: models, disk or s3",
    ("fault",),
)  # fmt: skip
WEBHOOK_ATTEMPTS = MetricSpec(
    "posequeue_webhook_attempts", "counter", "requests", "Requests to receivers, by outcome",
    ("outcome",),
)  # fmt: skip
WEBHOOKS_GIVEN_UP = MetricSpec(
    "posequeue_webhooks_given_up", "counter", "deliveries", "Deliveries after whose last attempt"
    " nothing is tried any more",
)  # fmt: skip
WEBHOOK_SECONDS = MetricSpec(
    "posequeue_webhook_seconds", "histogram", "seconds", "Until a receiver answered",
    buckets=_WORK,
)  # fmt: skip
WEBHOOK_DELAY = MetricSpec(
    "posequeue_webhook_delay_seconds", "histogram", "seconds",
    "From an event to its delivery, retries included", buckets=_WAIT,
)  # fmt: skip
GPU_USE = MetricSpec(
    "posequeue_gpu_use_ratio", "gauge", "ratio", "Share of time in which a GPU was busy", ("gpu",)
)
GPU_MEMORY = MetricSpec(
    "posequeue_gpu_memory_bytes", "gauge", "bytes", "Memory of a GPU", ("gpu", "state")
)

CATALOGUE = tuple(value for value in list(globals().values()) if isinstance(value, MetricSpec))

Listener = Callable[[MetricSpec, float, tuple[str, ...]], None]
_listeners: list[Listener] = []


def served_by(who: By) -> Iterator[MetricSpec]:
    """Counters and histograms that processes of kind `who` record; a scrape reads gauges itself."""
    return (one for one in CATALOGUE if one.by in (who, "both") and one.kind != "gauge")


def record(measure: MetricSpec, value: float = 1.0, *labels: str) -> None:
    """Adds `value` to a counter, or observes it in a histogram; `labels` in the metric's order.

    Never raises.
    """
    for listener in _listeners:
        listener(measure, value, labels)


@contextmanager
def timed(measure: MetricSpec, *labels: str) -> Iterator[None]:
    """Records the seconds that the block took, also when it raises."""
    if not _listeners:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        record(measure, time.perf_counter() - began, *labels)


def timed_each(items: Iterable[T], measure: MetricSpec, *labels: str) -> Iterator[T]:
    """Yields `items`, recording the seconds for which each was waited."""
    found = iter(items)
    while True:
        with timed(measure, *labels):
            item = next(found, None)
        if item is None:
            return
        yield item


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Calls `listener` with every value that this process records within the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def listen(listener: Listener) -> None:
    """Calls `listener` with every value that this process records from now on."""
    _listeners.append(listener)


class StageTimes:
    """A listener that sums STAGE_SECONDS by stage: `seconds` maps `<stage>_s` to seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, measure: MetricSpec, value: float, labels: tuple[str, ...]) -> None:
        """Adds a recorded value."""
        if measure is STAGE_SECONDS:
            name = f"{labels[0]}_s"
            self.seconds[name] = round(self.seconds.get(name, 0.0) + value, 6)


def document() -> str:
    """The metrics as a Markdown table; a test compares it with deploy/METRICS.md."""
    rows = [
        f"| `{one.series[0].removesuffix('_bucket')}` | {one.kind} | {one.unit} | "
        f"{', '.join(f'`{label}`' for label in one.labels) or '–'} | {one.by} | {one.meaning} |"
        for one in CATALOGUE
    ]
    head = ["| metric | kind | unit | labels | served by | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join(head + rows) + "\n"


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201
