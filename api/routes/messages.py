"""A job's messages, as pages of JSON or as server-sent events."""

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

# a proxy that compresses would keep events back until a block is full
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


class _Item(msgspec.Struct, frozen=True):
    id: str
    message: msgspec.Raw


class _Page(msgspec.Struct, frozen=True):
    messages: list[_Item]
    next: str | None


def _page(stores: Stores, job: Job, query: MessagesQuery) -> bytes:
    rows = read_messages(
        stores, job.tenant, job.id, after=query.after, limit=query.limit, types=query.wanted
    )
    renderer = Renderer(stores, job, query.edition)
    items = [
        _Item(entry_id, msgspec.Raw(data))
        for row in rows
        for entry_id, _, data in renderer.views(row)
    ]
    # the status was read before the messages: a final job has said all of them by then
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
    """Messages after an entry id; go on with `after` = `next`, which is null after the end.

    With `Accept: text/event-stream` they come as they are said, until `done`; `Last-Event-ID`
    resumes, and is answered 204 where the job is over and everything was heard: then an EventSource
    stops to connect. An edition may show two messages for one id.
    """
    job = stores.jobs.get(job_id, tenant.tenant, tenant.owner)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return Response(_page(stores, job, query), media_type="application/json")
    resumed = _resume_place(last_event_id) or query.lastEventId or query.last_event_id
    after = resumed or query.after
    if resumed and job.status.final and not _left(stores, job, query, after):
        return Response(None, 204, _HEADERS)
    state = request.app.state
    stream = state.streams.open(tenant)
    follower = MessageFollower(stores, state.redis, state.tails, job, after)
    renderer = Renderer(stores, job, query.edition)
    return EventResponse(events(follower, renderer, query.wanted), _HEADERS, state.streams, stream)


def _left(stores: Stores, job: Job, query: MessagesQuery, after: str) -> bool:
    """Whether a job that is over has more to say to a client."""
    return bool(read_messages(stores, job.tenant, job.id, after=after, limit=1, types=query.wanted))


def _resume_place(value: str | None) -> str | None:
    """The place that the header names; an empty one, as some clients begin with, names none."""
    if not value or not value.strip():
        return None
    try:
        return check_entry_id(value.strip())
    except ValueError as error:
        raise invalid_parameter("Last-Event-ID", str(error), "an entry id such as 12-1") from error
