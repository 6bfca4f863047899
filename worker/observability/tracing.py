"""One OpenTelemetry trace per job, across API, queue, workers and webhooks (extra `otel`).

The W3C `traceparent` of the span in which a job was created stays in its record, so the trace
survives wake-ups (which name no job), retries and lost workers.
https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from worker.settings import Settings

Kind = Literal["INTERNAL", "SERVER", "CLIENT", "CONSUMER"]
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_incoming: ContextVar[str | None] = ContextVar("incoming", default=None)
_tracer: Any = None
_provider: Any = None


def start_tracing(settings: Settings, service: str) -> None:
    """Sends spans to `settings.otlp_endpoint` from now on; does nothing where none is set.

    Must be called after the fork, as a thread sends the spans. Raises RuntimeError where an
    endpoint is set and the extra `otel` is not installed.
    """
    if settings.otlp_endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise RuntimeError("otlp_endpoint needs the extra: pip install posequeue[otel]") from error
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint.rstrip("/") + "/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    use_provider(provider)


def use_provider(provider: Any) -> None:
    """Creates spans with this OpenTelemetry tracer provider; None turns tracing off."""
    global _tracer, _provider
    _provider = provider
    _tracer = None if provider is None else provider.get_tracer("posequeue")


def stop_tracing() -> None:
    """Sends the spans that are still buffered and turns tracing off."""
    if _provider is not None:
        _provider.shutdown()
        use_provider(None)


def tracing() -> bool:
    """Whether this process records spans."""
    return _tracer is not None


def note_incoming(header: str | None) -> None:
    """Sets the `traceparent` of the request handled in this context; an invalid one is ignored."""
    _incoming.set(header if header and _TRACEPARENT.fullmatch(header) else None)


def incoming() -> str | None:
    """The traceparent of the request handled in this context, None where it had no valid one."""
    return _incoming.get()


@contextmanager
def span(
    name: str,
    parent: str | None = None,
    *,
    kind: Kind = "INTERNAL",
    start: float | None = None,
    **attributes: str | int | float,
) -> Iterator[str | None]:
    """A span around the block, a child of `parent` or else of the current span.

    Yields its traceparent; without tracing, `parent`. `start` is the unix time in seconds of a
    beginning in the past. An exception of the block is recorded in the span.
    """
    if _tracer is None:
        yield parent
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    with _tracer.start_as_current_span(
        name,
        context=context,
        kind=SpanKind[kind],
        attributes={f"posequeue.{key}": value for key, value in attributes.items()},
        start_time=None if start is None else int(start * 1e9),
    ):
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        yield carrier.get("traceparent")


def annotate(**attributes: str | int | float) -> None:
    """Adds attributes to the current span; `error` marks it as failed, with this text."""
    if _tracer is None:
        return
    from opentelemetry.trace import StatusCode, get_current_span

    current = get_current_span()
    error = attributes.pop("error", None)
    for key, value in attributes.items():
        current.set_attribute(f"posequeue.{key}", value)
    if error is not None:
        current.set_status(StatusCode.ERROR, str(error))
