"""Server-sent events: the encoding of messages, and a response that disconnects slow clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import structlog
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.streaming.message_follower import TOO_SLOW, MessageFollower, TooSlow, in_time
from api.streaming.message_view import Renderer
from api.streaming.open_streams import OpenStream, OpenStreams
from worker.storage.jobs.streams import Row

log = structlog.get_logger()

HEARTBEAT_S = 15.0
_PIECE = 1 << 16


def _event(rows: list[Row]) -> bytes:
    """Encodes the views of one message; only the last has the id, so that a client that loses its
    connection in between is sent all of them again."""
    parts = []
    for number, (entry_id, kind, data) in enumerate(rows, 1):
        place = f"id: {entry_id}\n" if number == len(rows) else ""
        parts.append(f"{place}event: {kind}\ndata: ".encode() + data + b"\n\n")
    return b"".join(parts)


async def events(follower: MessageFollower, renderer: Renderer) -> AsyncIterator[bytes]:
    """Yields the body of the response, with a comment after HEARTBEAT_S seconds without events."""
    loop = asyncio.get_running_loop()
    yield b": connected\n\n"
    said = loop.time()
    async for rows in follower.batches():
        data = b"".join(_event(renderer.views(row)) for row in rows)
        if not data and loop.time() - said >= HEARTBEAT_S:
            data = b": still here\n\n"
        if data:
            yield data
            said = loop.time()


class EventResponse(Response):
    """Streams `body` until it ends, the client disconnects, is too slow, or its key is revoked."""

    media_type = "text/event-stream"

    def __init__(
        self,
        body: AsyncIterator[bytes],
        headers: Mapping[str, str],
        streams: OpenStreams,
        stream: OpenStream,
    ) -> None:
        super().__init__(None, 200, dict(headers))
        del self.headers["content-length"]
        self._body = body
        self._streams = streams
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Sends the response (ASGI)."""
        sender = asyncio.ensure_future(self._send_all(send))
        leaving = asyncio.ensure_future(_gone(receive))
        cut = asyncio.ensure_future(self._stream.cut.wait())
        tasks = (sender, leaving, cut)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if sender.done():
                sender.result()
        finally:
            self._streams.release(self._stream)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await in_time(send(head))
        try:
            async for data in self._body:
                for start in range(0, len(data), _PIECE):
                    await in_time(send(_part(data[start : start + _PIECE], more=True)))
            await in_time(send(_part(b"", more=False)))
        except TooSlow:
            # uvicorn closes the connection of an unfinished response
            log.info("tail_dropped", why=TOO_SLOW)


def _part(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
