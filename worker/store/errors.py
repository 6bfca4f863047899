"""What the store raises."""

from __future__ import annotations


class Fenced(Exception):
    """Another worker holds the job now; nothing was written."""


class NotFound(Exception):
    """There is no such record for this tenant."""


class Conflict(Exception):
    """The request goes against the record's state; the text says how."""


class StoreUnavailable(Exception):
    """Redis or S3 did not answer."""
