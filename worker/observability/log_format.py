"""The form of logs: a JSON object a line, of ours and of the libraries alike; or lines for people.

What is bound to the context (job, tenant, attempt, trace) is in every line said meanwhile.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict

Form = Literal["json", "text"]
CONTEXT: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def renderer(form: Form) -> Any:
    """A structlog processor that makes a line of an event."""
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def configure_stdlib_logging(lowest: int, form: Form) -> None:
    """Has what the standard library's loggers say come out alike, at `lowest` and at least INFO.

    Their records are masked before any handler sees them (`logging.py`).
    """
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *CONTEXT, _traceback],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer(form),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers = [handler]
    # below INFO botocore tells signatures and bodies
    root.setLevel(max(lowest, logging.INFO))


def _traceback(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The traceback that the mask has made plain text of."""
    record = event.get("_record")
    if record is not None and record.exc_text:
        event["exception"] = record.exc_text
    return event


def bind_job_context(job: str, tenant: str, attempt: int, trace: str | None) -> Any:
    """A context in which every line names the job; `trace` is its traceparent."""
    known: dict[str, Any] = {"job": job, "tenant": tenant, "attempt": attempt}
    if trace:
        known["trace"] = trace.split("-")[1]
    return structlog.contextvars.bound_contextvars(**known)
