"""Route of a job's messages, as pages of JSON or as server-sent events."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from api.middleware.errors import invalid_parameter
from api.schemas.jobs import MessagesQuery, check_entry_id
from api.schemas.openapi_examples import MESSAGES_RESPONSES
from api.services.authentication import StoresDep, TenantDep
from api.services.json_body import AuthenticatedRoute
from api.services.object_threads import with_objects
from api.streaming.message_follower import MessageFollower
from api.streaming.message_view import Renderer
from api.streaming.sse import EventResponse, events
from worker.contract.jobs import Job
from worker.lifecycle.archive import read_messages
from worker.storage.stores import Stores

router = APIRouter(route_class=AuthenticatedRoute, tags=["messages"])

# a compressing proxy would buffer events until a block is full
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

_LOOKED_AT = 1000
"""Most messages among which one is searched that a client wants."""


class _Item(msgspec.Struct, frozen=True):
    id: str
    message: msgspec.Raw


class _Page(msgspec.Struct, frozen=True):
    messages: list[_Item]
    next: str | None


def _page(stores: Stores, job: Job, query: MessagesQuery) -> bytes:
    renderer = Renderer(stores, job, query.edition, query.wanted)
    rows = read_messages(
        stores, job.tenant, job.id, after=query.after, limit=query.limit, types=renderer.stored
    )
    items = [
        _Item(entry_id, msgspec.Raw(data))
        for row in rows
        for entry_id, _, data in renderer.views(row)
    ]
    # the status was read before the messages: those of a final job are complete
    ended = job.status.final and len(rows) < query.limit
    last = rows[-1][0] if rows else query.after
    return msgspec.json.encode(_Page(items, None if ended else last))


@router.get("/jobs/{job_id}/messages", responses=MESSAGES_RESPONSES)
@with_objects
def get_messages(
    request: Request,
    job_id: str,
    query: Annotated[MessagesQuery, Query()],
    tenant: TenantDep,
    stores: StoresDep,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Returns messages after an entry id; pass `next` as `after` until it is null.

    With `Accept: text/event-stream` messages are streamed as they are made, until `done`.
    `Last-Event-ID` resumes a stream; the answer is 204 where the job has ended and nothing is left,
    so that an EventSource stops reconnecting. An edition may have two messages for one id.
    """
    job = stores.jobs.get(job_id, tenant.tenant, tenant.owner)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return Response(_page(stores, job, query), media_type="application/json")
    resumed = _resume_place(last_event_id) or query.lastEventId or query.last_event_id
    after = resumed or query.after
    renderer = Renderer(stores, job, query.edition, query.wanted)
    if resumed and job.status.final and not _left(stores, job, renderer, after):
        return Response(None, 204, _HEADERS)
    state = request.app.state
    stream = state.streams.open(tenant)
    follower = MessageFollower(stores, state.redis, state.tails, job, after)
    return EventResponse(events(follower, renderer), _HEADERS, state.streams, stream)


def _left(stores: Stores, job: Job, renderer: Renderer, after: str) -> bool:
    """Returns whether an ended job has messages left for a client."""
    left = read_messages(
        stores, job.tenant, job.id, after=after, limit=_LOOKED_AT, types=renderer.stored
    )
    return any(renderer.views(row) for row in left)


def _resume_place(value: str | None) -> str | None:
    """Parses the header Last-Event-ID; None if missing or empty, as some clients send it first."""
    if not value or not value.strip():
        return None
    try:
        return check_entry_id(value.strip())
    except ValueError as error:
        raise invalid_parameter("Last-Event-ID", str(error), "an entry id such as 12-1") from error
