"""What the store raises."""

from __future__ import annotations

from typing import Any


class Fenced(Exception):
    """Another worker holds the job now; nothing was written."""


class NotFound(Exception):
    """There is no such record for this tenant."""


class Newer(NotFound):
    """The record is of a version that only newer code can read."""


class Conflict(Exception):
    """The request goes against the record's state; the text says how."""


class LimitExceeded(Exception):
    """A tenant is at a limit of its plan; `code` and `details` name it, `retry_s` says until when.

    Codes: `rate_limited`, `concurrency_limit_exceeded`, `quota_exceeded`.
    """

    def __init__(self, code: str, message: str, details: dict[str, Any], retry_s: float) -> None:
        super().__init__(message)
        self.code = code
        self.details = details
        self.retry_s = retry_s


class StoreUnavailable(Exception):
    """Redis or S3 did not answer."""
