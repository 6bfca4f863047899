"""Conversion between unix times and the ISO 8601 timestamps of records."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Converts unix time to ISO 8601 in UTC, with milliseconds."""
    stamp = datetime.fromtimestamp(seconds, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unix(stamp: str) -> float:
    """Converts ISO 8601 to unix time."""
    return datetime.fromisoformat(stamp).timestamp()
