"""When a failed delivery is attempted again."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SCHEDULE = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt, counted from the one before (api/README.md)."""
REFUSED = (0, 5, 25)
"""Seconds before each attempt of an event that its receiver refuses; after the last, the next event
of the queue is sent. Thirty refused events in a row take a quarter of an hour."""
HURRY_S = 600.0
"""Age of an event in seconds from which refusals are retried at once: events behind it are late."""
JITTER = 0.2
"""Share of a wait that may be added at random, so that retries do not come all at once."""
MOST_WAIT_S = 86_400.0
_PASSING = frozenset({408, 409, 410, 425, 429})


def delay_after(
    tries: int, asked_s: float | None, scale: float = 1.0, chance: float | None = None
) -> float | None:
    """Returns the seconds to wait after `tries` failed attempts; None where that was the last.

    `asked_s` is what the receiver asked for, of which MOST_WAIT_S at most is granted; `chance`
    (0 to 1) fixes the jitter.
    """
    if tries >= len(SCHEDULE):
        return None
    drawn = random.random() if chance is None else chance  # noqa: S311
    planned = SCHEDULE[tries] * scale * (1 + JITTER * drawn)
    return max(planned, min(asked_s or 0.0, MOST_WAIT_S))


def is_refusal(status: int | None) -> bool:
    """Returns whether a status means that a working receiver refuses this very event.

    True for 4xx except time-outs (408), states that may pass (409, 425), too many requests (429)
    and 410, which is about the whole endpoint.
    """
    return status is not None and 400 <= status < 500 and status not in _PASSING


def delay_after_refusal(tries: int, age_s: float, scale: float = 1.0) -> float | None:
    """Returns the seconds to wait after an event of age `age_s` was refused `tries` times; None
    where that was the last attempt."""
    if tries >= len(REFUSED):
        return None
    return 0.0 if age_s >= HURRY_S else REFUSED[tries] * scale


def retry_after(value: str | None, now: float) -> float | None:
    """Parses a `Retry-After` header, a number or a date (RFC 9110, 10.2.3), into seconds.

    Returns None for a missing or malformed header; `now` is unix time.
    """
    if value is None:
        return None
    given = value.strip()
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - datetime.fromtimestamp(now, UTC).timestamp())
