"""Paths with a slash at their end, as some clients and hosts write them, mean those without.

A redirect to an absolute address, the framework's own answer, would lead to plain HTTP behind a
proxy that ends TLS: with the key in clear, and blocked in a frame.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlash:
    """Middleware that drops the slash under /v1, and redirects pages, whose own addresses are
    relative, by a relative address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request or socket."""
        path = scope.get("path", "")
        plain = path.rstrip("/")
        if plain in ("", path) or plain.endswith("/"):
            await self._app(scope, receive, send)
        elif plain.startswith("/v1/"):
            raw = quote(plain).encode()
            await self._app({**scope, "path": plain, "raw_path": raw}, receive, send)
        elif scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            query = scope["query_string"].decode("latin-1")
            up = "../" * (len(path) - len(plain))
            # the path is decoded, and may hold line breaks or any script
            last = quote(plain.rpartition("/")[2])
            where = up + last + ("?" + query if query else "")
            await Response(None, 307, {"Location": where})(scope, receive, send)
        else:
            await self._app(scope, receive, send)
