"""Limits the size of request bodies; media never passes through the API."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.errors import Problem

MAX_BODY_BYTES = 1024 * 1024
LARGER = {"/v1/batches": 8 * 1024 * 1024}
"""Limits in bytes of paths that accept more than MAX_BODY_BYTES."""


class BodyLimit:
    """Middleware that refuses bodies over `most` bytes with 413, by header or while they arrive."""

    def __init__(self, app: ASGIApp, most: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; `receive` raises HTTPException 413 if no length was announced."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = max(self._most, LARGER.get(scope["path"], 0))
        text = f"The body is over {most} bytes."
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > most:
            details = {"allowed": f"at most {most} bytes"}
            await Problem(413, "payload_too_large", text, details)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, text)
            return message

        await self._app(scope, counted, send)
