"""Opaque cursors of the job list, and the walk over it."""

from __future__ import annotations

import base64
import json
import math
import re

from api.middleware.errors import invalid_parameter
from api.schemas.jobs import JobsQuery
from worker.contract.jobs import Job
from worker.storage.stores import Stores

Place = tuple[float, str]
"""Time of creation and id of the last job seen."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SCAN = 2000
"""Rows looked at for one page, so that a rare status cannot make one request endless."""


def encode_cursor(place: Place) -> str:
    """A place as clients pass it back."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Place:
    """The place; raises JobError `invalid_parameter`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created, name = json.loads(base64.urlsafe_b64decode(padded.encode()))
        place = float(created), str(name)
        if not (math.isfinite(place[0]) and _ID.fullmatch(place[1])):
            raise ValueError("Invalid cursor.")
        return place
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise invalid_parameter("cursor", "Invalid cursor.", "`next` of the page before") from error


def page_of_jobs(
    stores: Stores, tenant: str, query: JobsQuery, place: Place | None
) -> tuple[list[Job], Place | None]:
    """Up to `limit` jobs after `place`, newest first, and where the next page begins.

    A page may hold fewer than `limit` jobs and still not be the last.
    """
    limit, status = query.limit, query.status
    found: list[Job] = []
    seen = 0
    while seen < _SCAN:
        # one more than wanted tells whether there is a next page
        rows = stores.jobs.page(tenant, place, limit + 1, query.batch)
        for created, job_id, job in rows:
            if len(found) == limit:
                return found, place
            place = (created, job_id)
            if job is not None and (status is None or job.status is status):
                found.append(job)
        if len(rows) <= limit:
            return found, None
        seen += len(rows)
    return found, place
