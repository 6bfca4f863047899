"""Opaque cursors and pages of lists, newest first."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from api.middleware.errors import invalid_parameter

Place = tuple[float, str]
"""Time of creation and id of the last entry seen."""
T = TypeVar("T")

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SCAN = 2000
"""Maximum rows read for one page, so that a filter on a rare status ends in time."""


def encode_cursor(place: Place) -> str:
    """Encodes a position in a list as an opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Place:
    """Decodes a cursor to a position; raises JobError `invalid_parameter`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created, name = json.loads(base64.urlsafe_b64decode(padded.encode()))
        place = float(created), str(name)
        if not (math.isfinite(place[0]) and _ID.fullmatch(place[1])):
            raise ValueError("Invalid cursor.")
        return place
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise invalid_parameter("cursor", "Invalid cursor.", "`next` of the page before") from error


def page_of(
    rows_after: Callable[[Place | None, int], Sequence[tuple[float, str, T | None]]],
    place: Place | None,
    limit: int,
    wanted: Callable[[T], bool],
) -> tuple[list[T], Place | None]:
    """Returns up to `limit` wanted entries after `place`, newest first, and the next position.

    `rows_after(place, count)` returns up to `count` rows: time, id, entry (None if erased). The
    position is None after the last page; other pages may have fewer than `limit` entries too.
    """
    found: list[T] = []
    seen = 0
    while seen < _SCAN:
        # one more row than requested shows whether there is a next page
        rows = rows_after(place, limit + 1)
        for created, name, entry in rows:
            if len(found) == limit:
                return found, place
            place = (created, name)
            if entry is not None and wanted(entry):
                found.append(entry)
        if len(rows) <= limit:
            return found, None
        seen += len(rows)
    return found, place
