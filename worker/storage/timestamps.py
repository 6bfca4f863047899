"""Times as job records write them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC, to the millisecond."""
    stamp = datetime.fromtimestamp(seconds, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unix(stamp: str) -> float:
    """ISO 8601 as unix time."""
    return datetime.fromisoformat(stamp).timestamp()
