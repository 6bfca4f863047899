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
from api.streaming.message_follower import MessageFollower
from api.streaming.message_view import Renderer
from api.streaming.sse import EventResponse, events
from worker.contract.jobs import Job
from worker.lifecycle.archive import read_messages
from worker.storage.stores import Stores

router = APIRouter(tags=["messages"])

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


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
    resumes. An edition may show two messages for one id.
    """
    job = stores.jobs.get(job_id, tenant.tenant, tenant.owner)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return Response(_page(stores, job, query), media_type="application/json")
    after = query.after if last_event_id is None else _resume_place(last_event_id)
    state = request.app.state
    follower = MessageFollower(stores, state.redis, state.tails, job, after)
    renderer = Renderer(stores, job, query.edition)
    return EventResponse(events(follower, renderer, query.wanted), _HEADERS)


def _resume_place(value: str) -> str:
    try:
        return check_entry_id(value)
    except ValueError as error:
        raise invalid_parameter("Last-Event-ID", str(error), "an entry id such as 12-1") from error
