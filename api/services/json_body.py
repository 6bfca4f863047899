"""Reads JSON bodies: only after authentication, within limits, parsed off the event loop."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.middleware.body_limit import LARGER, MAX_BODY_BYTES
from api.middleware.errors import invalid_parameter
from api.services.authentication import authenticate

MOST_DEPTH = 64
"""Maximum nesting of lists and objects."""
BYTES_AN_ELEMENT = 16
"""A body may hold one value per this many bytes of its route's size limit: a value takes 50 to 100
bytes in Python, so that parsed bodies are a few times as large at most."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SMALL = 4096
"""Bytes up to which parsing takes less time than the handover to a thread."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escaped surrogate, the likely cause where the decoder refuses a body."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def parse_json(body: bytes, most_elements: int) -> Any:
    """Decodes a JSON body.

    Raises RequestValidationError for malformed JSON, JobError for a body that is nested too deeply
    or may have more than `most_elements` values.
    """
    # an upper bound, as strings may contain these characters; checked before anything is decoded
    if body.count(b",") + body.count(b"[") + body.count(b"{") > most_elements:
        allowed = f"at most {most_elements} values"
        raise invalid_parameter("body", f"The body holds too much: {allowed}.", allowed)
    too_deep = invalid_parameter(
        "body", "The body is nested too deeply.", f"{MOST_DEPTH} levels of lists and objects"
    )
    try:
        value = msgspec.json.decode(body)
    except RecursionError:
        raise too_deep from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if _SURROGATE.search(body):
            raise invalid_parameter("body", "A text is not Unicode.", "valid Unicode") from error
        failure = {"type": "json_invalid", "loc": ("body",), "msg": str(error), "input": {}}
        raise RequestValidationError([failure]) from error
    if _deeper_than(value, MOST_DEPTH):
        raise too_deep
    return value


def _deeper_than(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        found: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                found += one.values()
            elif isinstance(one, list):
                found += one
        level = [one for one in found if isinstance(one, dict | list)]
        if not level:
            return False
    return True


class _Parsed(Request):
    """A request whose JSON body is already decoded when FastAPI asks for it."""

    async def load(self) -> None:
        body = (await self.body()).removeprefix(codecs.BOM_UTF8)  # .NET and PowerShell write it
        if not body:
            return
        encoding = self.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            text = f"The body has the Content-Encoding '{encoding[:50]}': send it uncompressed."
            raise HTTPException(415, text, {"Accept-Encoding": "identity"})
        kind = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if not (kind == "application/json" or kind.endswith("+json")):
            given = f"the Content-Type '{kind[:50]}'" if kind else "no Content-Type"
            text = f"The body has {given}: send JSON as application/json."
            raise invalid_parameter("Content-Type", text, "application/json")
        most = LARGER.get(self.url.path, MAX_BODY_BYTES) // BYTES_AN_ELEMENT
        if len(body) <= _SMALL:
            self._json = parse_json(body, most)
        else:
            self._json = await run_in_threadpool(parse_json, body, most)


class AuthenticatedRoute(APIRoute):
    """A route of the versioned API that authenticates before it reads the body."""

    def get_route_handler(self) -> Handler:
        """Wraps FastAPI's handler with authentication and body parsing."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def bounded(request: Request) -> Response:
            if request.method not in _WITH_BODY:
                return await handle(request)
            await run_in_threadpool(authenticate, request)
            parsed = _Parsed(request.scope, request.receive)
            if takes_body:
                await parsed.load()
            return await handle(parsed)

        return bounded
