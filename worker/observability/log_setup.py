"""Logs without secrets: what is written passes one mask, whoever wrote it.

structlog's events and the standard library's records (uvicorn, Celery, botocore) both do.
Tracebacks are plain text: pretty ones would print local variables, and with them what the mask does
not know.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from worker.observability.log_format import CONTEXT, Form, renderer

HIDDEN = "***"
_SHORTEST = 6
"""Settings' secrets shorter than this are not looked for: they would blot out half of every log."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # API keys and page tokens; the webhooks' signing secrets (Standard Webhooks 1.0)
    (re.compile(r"\b(pq_(?:page_)?|whsec_)[A-Za-z0-9_+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{HIDDEN}"),
    # queries: Signature Version 4's and 2's of presigned addresses, and what others call a secret
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
# the path of a receiver is its secret where it has one at all
_ADDRESS = re.compile(r"(?i)\b(https?://[^/\s\"'<>?#\\]+)([/?#][^\s\"'<>]*)")
_KEPT_PATH = 1
"""Characters of a path that say nothing: the root alone."""
_CHATTY = ("httpx", "httpcore")
"""Libraries that log the address of each request at INFO."""
_known: set[str] = set()


def add_secrets(secrets: Iterable[str | None]) -> None:
    """These are masked wherever they stand."""
    _known.update(one for one in secrets if one and len(one) >= _SHORTEST)


def mask(text: str) -> str:
    """`text` without secrets."""
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


def mask_event(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A structlog processor; it stands last but for what writes."""
    return {str(name): _masked(value) for name, value in event.items()}


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """A record whose text, arguments and traceback are masked before any handler sees it."""
    record = logging.LogRecord(*args, **kwargs)
    given = record.args
    if isinstance(given, tuple) and all(isinstance(one, str | int | float) for one in given):
        # a formatter may want the arguments themselves, as uvicorn's of requests does
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


def level_number(level: str) -> int:
    """A level's number; that of INFO where there is no such level."""
    return logging.getLevelNamesMapping().get(level.upper(), logging.INFO)


def configure_logs(
    level: str = "INFO", secrets: Iterable[str | None] = (), form: Form = "text"
) -> None:
    """Has this process log through the mask, at `level` and above; may be called again."""
    add_secrets(secrets)
    logging.setLogRecordFactory(_record)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, level_number(level)))
    processors: list[Processor] = [*CONTEXT, mask_event, renderer(form)]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level_number(level)),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
