"""Paths with a slash at their end, as some clients and hosts write them, mean those without.

A redirect to an absolute address, the framework's own answer, would lead to plain HTTP behind a
proxy that ends TLS: with the key in clear, and blocked in a frame.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = "/pose_tracker/upload_tracking"


class TrailingSlash:
    """Middleware that drops the slash under /v1, and redirects the page, whose own addresses are
    relative, by a relative address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request or socket."""
        path = scope.get("path", "")
        plain = path.removesuffix("/")
        if plain != path and plain.startswith("/v1/"):
            scope = {**scope, "path": plain, "raw_path": quote(plain).encode()}
        elif plain != path and plain == PAGE:
            query = scope["query_string"].decode("latin-1")
            where = f"../upload_tracking?{query}"
            await Response(None, 307, {"Location": where})(scope, receive, send)
            return
        await self._app(scope, receive, send)
