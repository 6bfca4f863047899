"""Paths as clients and hosts write them: with a slash at the end, with a doubled one, where a base
address ends in one, or as a whole address, as clients of proxies do (RFC 9112, section 3.2.2).

A redirect to an absolute address, the framework's own answer, would lead to plain HTTP behind a
proxy that ends TLS: with the key in clear, and blocked in a frame.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = "/pose_tracker/upload_tracking"
_ORIGIN = re.compile(r"^https?://[^/]*")
_DOUBLED = re.compile(r"/{2,}")


class PathForm:
    """Middleware that gives a path its plain form under /v1, and redirects the page, whose own
    addresses are relative, by a relative address where a slash ends it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request or socket."""
        path = scope.get("path", "")
        whole = _DOUBLED.sub("/", _ORIGIN.sub("", path))
        plain = whole.removesuffix("/")
        if plain == PAGE and whole != plain:
            query = scope["query_string"].decode("latin-1")
            where = f"../upload_tracking?{query}"
            await Response(None, 307, {"Location": where})(scope, receive, send)
            return
        form = plain if plain.startswith("/v1/") else whole
        if form != path:
            scope = {**scope, "path": form, "raw_path": quote(form).encode()}
        await self._app(scope, receive, send)
