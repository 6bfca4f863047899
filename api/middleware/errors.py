"""Answers every error with `application/problem+json` (RFC 9457) and an error code.

Codes beside those of `worker.contract.errors`: `not_found`, `conflict`, the limits `rate_limited`,
`concurrency_limit_exceeded` and `quota_exceeded` (429 with `Retry-After`), `insufficient_scope`
(403) and, for errors of HTTP itself, `method_not_allowed`, `payload_too_large` and `unavailable`.
"""

from __future__ import annotations

import http
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from kombu.exceptions import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.middleware.security_headers import HARDENED
from worker.contract.errors import DecodeError, ErrorCode, JobError, invalid_parameter
from worker.contract.scopes import ScopeMissing
from worker.storage.connection import DISCONNECTED, REFUSING
from worker.storage.errors import Conflict, LimitExceeded, NotFound, StoreUnavailable
from worker.storage.tenants.idempotency import Mismatch
from worker.submission.schemas.validation_errors import refusal_of

__all__ = ["Problem", "ScopeMissing", "install", "invalid_parameter"]

log = structlog.get_logger()

RETRY_AFTER_S = 5
_STATUS: dict[ErrorCode, int] = {
    ErrorCode.MISSING_TOKEN: 401,
    ErrorCode.INVALID_TOKEN: 401,
    ErrorCode.DEVELOPER_FEATURES_NOT_ALLOWED: 403,
    ErrorCode.MEDIA_TOO_LARGE: 413,
    ErrorCode.QUOTA_EXCEEDED: 429,
    ErrorCode.INTERNAL: 500,
}
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}
_SILENT = (
    StoreUnavailable,
    OperationalError,
    *DISCONNECTED,
    *REFUSING,
)


class Problem(Response):
    """A response of type `application/problem+json`."""

    media_type = "application/problem+json"

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        body: dict[str, Any] = {
            "status": status,
            "title": http.HTTPStatus(status).phrase,
            "code": code,
            "detail": detail,
            "details": dict(details or {}),
        }
        # ASCII, as a refused text may contain surrogates, which UTF-8 cannot encode
        answer = json.dumps(body, default=str).encode()
        # the answer to an unexpected error bypasses all middleware
        super().__init__(answer, status, {**HARDENED, **(headers or {})})


def job_error(error: JobError) -> Problem:
    """Converts an error of the contract; its status is 422 unless listed in _STATUS."""
    status = _STATUS.get(error.code, 422)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return Problem(status, error.code.value, error.message, error.details, headers)


def scope_missing(error: ScopeMissing) -> Problem:
    """Converts a missing scope to a 403 with the header of RFC 6750, section 3.1."""
    named = "" if error.scope is None else f', scope="{error.scope}"'
    headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope"{named}'}
    details = {} if error.scope is None else {"scope": error.scope}
    return Problem(403, "insufficient_scope", str(error), details, headers)


def validation_error(error: RequestValidationError) -> Problem:
    """Converts the first validation error of a request: 400 for malformed JSON, else 422."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        details = {"parameter": "body", "allowed": "a JSON object"}
        return Problem(400, ErrorCode.INVALID_PARAMETER, "The body is not JSON.", details)
    return job_error(refusal_of(first, first["loc"][1:], str(first["loc"][0])))


def http_error(error: HTTPException) -> Problem:
    """Converts an error raised by routing or by reading the body."""
    code = _HTTP_CODES.get(error.status_code, ErrorCode.INVALID_PARAMETER.value)
    return Problem(error.status_code, code, str(error.detail), None, error.headers)


def unavailable(error: Exception) -> Problem:
    """Converts an unanswered call of Redis, S3 or the broker to a 503; logs the error's text."""
    log.warning("unavailable", error=str(error), kind=type(error).__name__)
    return Problem(
        503,
        "unavailable",
        "A backing service does not answer. Try again later.",
        None,
        {"Retry-After": str(RETRY_AFTER_S)},
    )


def _answer(error: Exception) -> Problem:
    match error:
        case JobError():
            return job_error(error)
        case RequestValidationError():
            return validation_error(error)
        case HTTPException():
            return http_error(error)
        case ScopeMissing():
            return scope_missing(error)
        case LimitExceeded():
            retry = {"Retry-After": str(max(1, math.ceil(error.retry_s)))}
            return Problem(429, error.code, str(error), error.details, retry)
        case NotFound():
            return Problem(404, "not_found", str(error))
        case Conflict():
            return Problem(409, "conflict", str(error))
        case Mismatch():
            text = "This Idempotency-Key was used with another request."
            return Problem(422, "conflict", text, {"parameter": "Idempotency-Key"})
        case DecodeError():
            log.error("broken_record", error=str(error))
            return Problem(500, ErrorCode.INTERNAL, "A stored record cannot be read.")
    if isinstance(error, _SILENT):
        return unavailable(error)
    return Problem(500, ErrorCode.INTERNAL, "An internal error occurred.")


def _methods(request: Request) -> str:
    """Returns the methods allowed for a path, from the OpenAPI document as routers are nested."""
    found: set[str] = set()
    for template, operations in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), request.url.path):
            found |= {method.upper() for method in operations}
    return ", ".join(sorted(found))


async def handle(request: Request, error: Exception) -> Response:
    """Handles every exception of a route, with `Allow` on a 405."""
    answer = _answer(error)
    # routes that the document does not list are for GET
    if answer.status_code == 405:
        answer.headers["Allow"] = _methods(request) or "GET, HEAD"
    return answer


def install(app: FastAPI) -> None:
    """Registers the handler for all errors of `app`; the server logs unexpected ones too."""
    kinds: tuple[type[Exception], ...] = (
        JobError,
        RequestValidationError,
        HTTPException,
        LimitExceeded,
        ScopeMissing,
        NotFound,
        Conflict,
        Mismatch,
        DecodeError,
        *_SILENT,
        Exception,
    )
    for kind in kinds:
        app.add_exception_handler(kind, handle)
