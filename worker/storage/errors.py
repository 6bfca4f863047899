"""Errors raised by the stores."""

from __future__ import annotations

from typing import Any


class Fenced(Exception):
    """The lease or claim is lost to another worker; nothing was written."""


class NotFound(Exception):
    """The record does not exist, or not for this tenant."""


class Newer(NotFound):
    """The record has a version that only newer code can read."""


class Conflict(Exception):
    """The request conflicts with the record's state; the text says how."""


class LimitExceeded(Exception):
    """A tenant has reached a limit of its plan.

    `code` is `rate_limited`, `concurrency_limit_exceeded` or `quota_exceeded`, `details` name the
    limit, `retry_s` is the time in seconds after which a retry may succeed.
    """

    def __init__(self, code: str, message: str, details: dict[str, Any], retry_s: float) -> None:
        super().__init__(message)
        self.code = code
        self.details = details
        self.retry_s = retry_s


class StoreUnavailable(Exception):
    """Redis or S3 did not answer."""
