"""Logging set-up: JSON or text lines from structlog and the standard library, secrets masked.

Events of structlog and records of the standard library (uvicorn, Celery, botocore) pass through one
`mask`. Tracebacks are plain text: pretty-printed ones would show local variables, whose secrets the
mask does not know. What is bound to the context (job, tenant, attempt, trace) is in every line.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor

Form = Literal["json", "text"]
HIDDEN = "***"
_SHORTEST = 6
"""Characters of the shortest secret that is masked; shorter ones would blot out half of a log."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # API keys and page tokens; the webhooks' signing secrets (Standard Webhooks 1.0)
    (re.compile(r"\b(pq_(?:page_)?|whsec_)[A-Za-z0-9_+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{HIDDEN}"),
    # query parameters: presigned URLs (AWS Signature Version 4 and 2), common names of secrets
    (
        re.compile(
            r"(?i)\b(X-Amz-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|signature|sig|"
            r"(?:access_|auth_|id_)?token|api[_-]?key|key|code|secret|pass(?:word|wd)?)"
            r"(=|%3D)[^&\s\"'<>]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # user names and passwords within addresses
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s\"'@]*@"), rf"\1{HIDDEN}@"),
)
# the path of a webhook receiver may be a secret, so URLs are cut to their origin
_ADDRESS = re.compile(r"(?i)\b(https?://[^/\s\"'<>?#\\]+)([/?#][^\s\"'<>]*)")
_KEPT_PATH = 1
"""Longest path that is shown: `/` alone, which says nothing."""
_CHATTY = ("httpx", "httpcore")
"""Libraries that log the URL of every request at INFO."""
_known: set[str] = set()
_CONTEXT: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def mask(text: str) -> str:
    """`text` with every known secret replaced by HIDDEN, and with URLs cut to their origin."""
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    text = _ADDRESS.sub(_origin_alone, text)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


def _origin_alone(found: re.Match[str]) -> str:
    origin, rest = found.groups()
    return found.group() if len(rest) <= _KEPT_PATH else f"{origin}/…({len(rest)})"


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {mask(str(name)): _masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return mask(value if isinstance(value, str) else str(value))


def _mask_event(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {str(name): _masked(value) for name, value in event.items()}


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """A log record whose text, arguments and traceback are masked before any handler sees them."""
    record = logging.LogRecord(*args, **kwargs)
    given = record.args
    if isinstance(given, tuple) and all(isinstance(one, str | int | float) for one in given):
        # some formatters read the arguments one by one, such as that of uvicorn's access log
        record.args = tuple(_masked(one) for one in given)
        record.msg = mask(str(record.msg))
    elif given:
        record.msg, record.args = mask(_whole(record)), ()
    else:
        record.msg = mask(str(record.msg))
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = mask("".join(traceback.format_exception(*record.exc_info)).rstrip())
        record.exc_info = None
    return record


def _whole(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} {record.args!r}"


def bind_job_context(job: str, tenant: str, attempt: int, trace: str | None) -> Any:
    """A context manager that adds job, tenant, attempt and trace id to every line.

    `trace` is a W3C traceparent.
    """
    known: dict[str, Any] = {"job": job, "tenant": tenant, "attempt": attempt}
    if trace:
        known["trace"] = trace.split("-")[1]
    return structlog.contextvars.bound_contextvars(**known)


def _number(level: str) -> int:
    """The number of a level name; that of INFO for an unknown name."""
    return logging.getLevelNamesMapping().get(level.upper(), logging.INFO)


def configure_logs(
    level: str = "INFO", secrets: Iterable[str | None] = (), form: Form = "text"
) -> None:
    """Configures structlog in this process: `level` and above, to stderr, masked.

    `secrets` are masked wherever they occur. May be called again.
    """
    _known.update(one for one in secrets if one and len(one) >= _SHORTEST)
    logging.setLogRecordFactory(_record)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, _number(level)))
    processors: list[Processor] = [*_CONTEXT, _mask_event, _renderer(form)]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def configure_stdlib_logging(level: str, form: Form) -> None:
    """Formats records of the standard library like structlog's, at `level` but at least INFO.

    The records are masked by the factory that `configure_logs` installs.
    """
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_CONTEXT, _traceback],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _renderer(form),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers = [handler]
    # botocore's DEBUG records contain signatures and bodies
    root.setLevel(max(_number(level), logging.INFO))


def _renderer(form: Form) -> Any:
    """The structlog processor that renders an event as one line."""
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _traceback(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Adds the traceback that `_record` has masked and rendered as plain text."""
    record = event.get("_record")
    if record is not None and record.exc_text:
        event["exception"] = record.exc_text
    return event
