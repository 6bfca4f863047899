"""Route of a job's messages over a WebSocket: `{"id", "message"}` frames, resumable by entry id.

The key is never in the URL, which logs keep: it is sent as a subprotocol beside `posequeue`, as
browsers can set no headers, or in the first frame, `{"token": "pq_…"}`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence

import msgspec
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.middleware.errors import Problem
from api.middleware.rate_limit import count_refused, count_request, network_of
from api.schemas.jobs import MessagesQuery
from api.streaming.message_follower import TOO_SLOW, MessageFollower, TooSlow, in_time
from api.streaming.message_view import Renderer
from worker.contract.errors import ErrorCode
from worker.contract.scopes import Scope
from worker.storage.errors import LimitExceeded, NotFound
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import PREFIX, Tenant

router = APIRouter(tags=["messages"])
log = structlog.get_logger()

PROTOCOL = "posequeue"
FIRST_S = 10.0
"""Seconds within which the first frame with the key must arrive."""
MOST_WAITING = 32
"""Sockets of one address that may wait for their first frame at once."""

FORBIDDEN = 4403
BAD_KEY, NOT_FOUND, BAD_PARAMETER, RATE_LIMITED, TRY_AGAIN = 4401, 4404, 4422, 4429, 1013
"""Close codes: 4000 plus the HTTP status, and RFC 6455's 'try again later'."""


class _Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str | None = None
    message: msgspec.Raw


class _FirstFrame(msgspec.Struct, frozen=True):
    token: str


class Refused(Exception):
    """Closes the socket with a close code and a reason, which is an error code of the API."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.websocket("/jobs/{job_id}/ws")
async def follow_job(socket: WebSocket, job_id: str) -> None:
    """Sends messages after `after` in `edition`, of `types` if given, and closes after `done`."""
    protocols: list[str] = socket.scope["subprotocols"]
    host = network_of(socket.client.host if socket.client else "")
    bounded = socket.app.state.stores.settings.connections_per_client > 0
    if bounded and _key_in(protocols) is None and socket.app.state.keyless[host] >= MOST_WAITING:
        text = "Too many sockets of this address have not sent a key yet."
        await socket.send_denial_response(Problem(429, "rate_limited", text, {}))
        return
    await socket.accept(PROTOCOL if PROTOCOL in protocols else None)
    try:
        await _serve(socket, job_id, _query(socket))
        await socket.close()
    except Refused as refusal:
        await _close(socket, refusal.code, refusal.reason)
    except TooSlow:
        log.info("tail_dropped", why=TOO_SLOW)
        await _close(socket, TRY_AGAIN, TOO_SLOW)
    except (WebSocketDisconnect, RuntimeError):
        log.debug("socket_left", job=job_id)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        await asyncio.wait_for(socket.close(code, reason), 1)


def _query(socket: WebSocket) -> MessagesQuery:
    given = dict(socket.query_params)
    if "limit" in given:
        raise Refused(BAD_PARAMETER, "limit: not used here")
    try:
        return MessagesQuery.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = first["loc"][0] if first["loc"] else first.get("ctx", {}).get("parameter", "")
        raise Refused(BAD_PARAMETER, f"{name}: {first['msg']}"[:120]) from error


async def _serve(socket: WebSocket, job_id: str, query: MessagesQuery) -> None:
    stores: Stores = socket.app.state.stores
    tenant = await _tenant(socket, stores)
    try:
        job = await run_in_threadpool(stores.jobs.get, job_id, tenant.tenant, tenant.owner)
    except NotFound as error:
        raise Refused(NOT_FOUND, "not_found") from error
    state = socket.app.state
    try:
        stream = state.streams.open(tenant)
    except LimitExceeded as error:
        raise Refused(RATE_LIMITED, error.code) from error
    follower = MessageFollower(stores, state.redis, state.tails, job, query.after)
    renderer = Renderer(stores, job, query.edition, query.wanted)
    sending = asyncio.ensure_future(_send(socket, follower, renderer))
    leaving = asyncio.ensure_future(_gone(socket))
    cut = asyncio.ensure_future(stream.cut.wait())
    tasks = (sending, leaving, cut)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
        elif cut.done():
            raise Refused(BAD_KEY, ErrorCode.INVALID_TOKEN.value)
    finally:
        state.streams.release(stream)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(socket: WebSocket, follower: MessageFollower, renderer: Renderer) -> None:
    """Sends frames; where an entry has two views only the last has its id, so that a reconnection
    between them loses neither, and no two frames share an id."""
    async for rows in follower.batches():
        for row in rows:
            views = renderer.views(row)
            for number, (entry_id, _, data) in enumerate(views, 1):
                named = entry_id if number == len(views) else None
                frame = msgspec.json.encode(_Frame(id=named, message=msgspec.Raw(data)))
                await in_time(socket.send_text(frame.decode()))


async def _gone(socket: WebSocket) -> None:
    """Returns when the client disconnects; its frames are ignored."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _tenant(socket: WebSocket, stores: Stores) -> Tenant:
    key = _key_in(socket.scope["subprotocols"]) or await _first_frame(socket)
    tenant: Tenant | None = await run_in_threadpool(stores.keys.find, key)
    try:
        if tenant is None:
            host = socket.client.host if socket.client else ""
            await run_in_threadpool(count_refused, stores, host)
            raise Refused(BAD_KEY, ErrorCode.INVALID_TOKEN.value)
        await run_in_threadpool(count_request, stores, tenant, socket.scope)
    except LimitExceeded as error:
        raise Refused(RATE_LIMITED, error.code) from error
    if Scope.JOBS_READ not in tenant.scopes:
        raise Refused(FORBIDDEN, "insufficient_scope")
    return tenant


def _key_in(protocols: Sequence[str]) -> str | None:
    return next((name for name in protocols if name.startswith(PREFIX)), None)


async def _first_frame(socket: WebSocket) -> str:
    host = network_of(socket.client.host if socket.client else "")
    waiting: Counter[str] = socket.app.state.keyless
    waiting[host] += 1
    try:
        said = await asyncio.wait_for(socket.receive_text(), FIRST_S)
        return msgspec.json.decode(said, type=_FirstFrame).token
    except (TimeoutError, ValueError, KeyError, RecursionError) as error:
        raise Refused(BAD_KEY, ErrorCode.MISSING_TOKEN.value) from error
    finally:
        waiting[host] -= 1
        if not waiting[host]:
            del waiting[host]
