"""Error codes of jobs and requests, and the exceptions that carry them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Codes of the `error` message and of problem+json answers."""

    MISSING_TOKEN = "missing_token"
    INVALID_TOKEN = "invalid_token"
    INVALID_EXERCISE = "invalid_exercise"
    DEVELOPER_FEATURES_NOT_ALLOWED = "developer_features_not_allowed"
    JUMP_ANALYSIS_MISSING_HEIGHT = "jump_analysis_missing_height"
    INVALID_PARAMETER = "invalid_parameter"
    REFERENCE_NOT_FOUND = "reference_not_found"
    QUOTA_EXCEEDED = "quota_exceeded"
    VIDEO_LOAD_ERROR = "video_load_error"
    IMAGE_LOAD_ERROR = "image_load_error"
    MEDIA_DECODE_ERROR = "media_decode_error"
    MEDIA_TOO_LARGE = "media_too_large"
    MEDIA_UNSUPPORTED = "media_unsupported"
    NO_PERSON_DETECTED = "no_person_detected"
    BACKEND_FALLBACK_CPU = "backend_fallback_cpu"
    CANCELED = "canceled"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    WORKER_LOST = "worker_lost"
    INTERNAL = "internal"


WARNINGS = frozenset({ErrorCode.NO_PERSON_DETECTED, ErrorCode.BACKEND_FALLBACK_CPU})
"""Codes that do not end a job."""


class JobError(Exception):
    """Ends a job, or refuses a request, with an error code.

    `details` is JSON-encodable; for a refused field it names the field and what is allowed.
    """

    def __init__(
        self, code: ErrorCode | str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = ErrorCode(code)
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return (type(self), (self.code, self.message, self.details))


class ModelMissing(JobError):
    """This process does not have `model`, which the job needs; another worker may have it."""

    def __init__(self, model: str, message: str) -> None:
        super().__init__(ErrorCode.INTERNAL, message)
        self.model = model

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return (type(self), (self.model, self.message))


class ModelFault(RuntimeError):
    """A model or its runtime does not work; neither media nor options are at fault."""


class DecodeError(ValueError):
    """Bytes do not decode to a message, an option set or a record of the contract."""


# Texts that existing hosts match on; each is the start of the message.
PLAN_REFUSED = "You cannot use developer features."
BAD_TOKEN = "Invalid params."
BOTH_MODES = "You cannot combine reference & exercise."
MISSING_HEIGHT = "User height (userHeightCm) must be provided for jump_analysis exercise"


def unknown_exercise(exercise: str, suggestion: str | None = None) -> JobError:
    """The error `invalid_exercise`; `suggestion` is the id that was probably meant."""
    message = f"Exercise '{exercise}' is not available"
    details = {"exercise": exercise}
    if suggestion is not None:
        message += f". Did you mean {suggestion}?"
        details["didYouMean"] = suggestion
    return JobError(ErrorCode.INVALID_EXERCISE, message, details)


def unknown_reference(reference: str) -> JobError:
    """The error `reference_not_found`."""
    return JobError(
        ErrorCode.REFERENCE_NOT_FOUND,
        f"Reference '{reference}' was not found",
        {"reference": reference},
    )


def invalid_parameter(parameter: str, detail: str, allowed: Any) -> JobError:
    """The error `invalid_parameter` of one field; `allowed` describes its valid values."""
    return JobError(
        ErrorCode.INVALID_PARAMETER, detail, {"parameter": parameter, "allowed": allowed}
    )
