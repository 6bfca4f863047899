"""Operations of both clients without I/O (sans-IO): which requests to send, how to read answers."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import category

import httpx

from .media_types import media_type

Json = dict[str, Any]
T = TypeVar("T")

TRIES = 5
"""Maximum attempts of a request that may be retried."""

MAX_BROKEN_STREAMS = 10
"""Connections in a row without a message after which `follow` gives up."""

PAUSE_S = 0.25
_MOST_PAUSE_S = 30.0
TIMEOUT = httpx.Timeout(90, connect=10)
PUT_TIMEOUT = httpx.Timeout(600, connect=10)
FINAL = ("succeeded", "failed", "canceled")


class Refused(Exception):
    """An error answer of the server (RFC 9457): `status`, `code`, `detail`, `details`.

    `retry_after` is the wait in seconds that the server asks for, or None.
    """

    def __init__(self, response: httpx.Response) -> None:
        try:
            problem: Json = response.json()
        except ValueError:
            problem = {"code": "unknown", "detail": response.text[:300]}
        self.status = response.status_code
        self.code = str(problem.get("code", "unknown"))
        self.detail = str(problem.get("detail", ""))
        self.details: Json = problem.get("details") or {}
        self.retry_after = _seconds(response.headers.get("retry-after"))
        super().__init__(f"{self.code}: {self.detail}")


@dataclass(frozen=True)
class Call:
    """One request; `url` is a path below /v1 or absolute, `again` allows a retry."""

    method: str
    url: str
    again: bool = True
    options: Json = field(default_factory=dict)


Flow = Generator[Call, httpx.Response, T]
"""A generator that yields calls, is sent their responses and returns a result."""


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and value.isdigit() else None


def target(server: str) -> str:
    """Returns the base URL of the API of `server`."""
    return server.rstrip("/") + "/v1"


def bearer(key: str) -> Json:
    """Returns the Authorization header of a key."""
    return {"Authorization": f"Bearer {key}"}


def repeatable(method: str, again: bool | None) -> bool:
    """Returns whether a call may be retried: `again` if given, else by its method."""
    return method in ("GET", "PUT", "DELETE") if again is None else again


def asked(method: str, path: str, *, again: bool = True, **options: Any) -> Flow[Any]:
    """Sends one call and returns the answer's JSON, None if it is empty."""
    response = yield Call(method, path, again, options)
    return response.json() if response.content else None


def printable(name: str) -> str:
    """Returns a file's name with surrogates and control characters replaced."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    return "".join("_" if category(char) in ("Cc", "Zl", "Zp") else char for char in text)


def uploaded(file: Path, content_type: str | None) -> Flow[str]:
    """Uploads a file, in parts if it is large, and returns the upload's id."""
    kind = content_type or media_type(file.name, None)
    wanted = {"filename": printable(file.name), "contentType": kind, "bytes": file.stat().st_size}
    place: Json = yield from asked("POST", "/uploads", json=wanted)
    with file.open("rb") as source:
        if "parts" not in place:
            yield Call("PUT", place["url"], options={"content": source.read(),
                                                     "headers": place["headers"]})  # fmt: skip
            return str(place["id"])
        done = []
        for part in place["parts"]:
            # each part is retried on its own
            answer = yield Call("PUT", part["url"],
                                options={"content": source.read(place["partBytes"])})  # fmt: skip
            done.append({"number": part["number"], "etag": answer.headers["etag"]})
    yield from asked("POST", f"/uploads/{place['id']}/complete", json={"parts": done})
    return str(place["id"])


def submitted(given: str | Json, options: Json | None, key: str | None, more: Json) -> Flow[Json]:
    """Creates a job; safe to retry, as it always has an Idempotency-Key."""
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    body = job_body(given, options, **more)
    job: Json = yield from asked("POST", "/jobs", json=body, headers=headers)
    return job


def job_body(given: str | Json, options: Json | None = None, **more: Any) -> Json:
    """Returns the body of `POST /jobs`, which is also the form of a job in batches and manifests.

    `given` is an upload's id, a URL or an `input` object; `more` are metadata, priority,
    deadlineSeconds, webhook.
    """
    if isinstance(given, str):
        given = {"url": given} if "://" in given else {"uploadId": given}
    return {"input": given, "options": options or {}, **more}


def page_of(job_id: str, after: str, limit: int, types: str | None, edition: str) -> Flow[Json]:
    """Reads a page of messages."""
    query: Json = {"after": after, "limit": limit, "edition": edition}
    query |= {"types": types} if types else {}
    page: Json = yield from asked("GET", f"/jobs/{job_id}/messages", params=query)
    return page


def pause(attempt: int, response: httpx.Response | None) -> float:
    """Returns the seconds until the next attempt: Retry-After, else exponential back-off."""
    told = _seconds(response.headers.get("retry-after")) if response is not None else None
    if told is not None:
        return min(told, _MOST_PAUSE_S)
    return float(PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311


def passing(response: httpx.Response) -> bool:
    """Returns whether an error is temporary, so that a retry may succeed."""
    return response.status_code in (429, 502, 503, 504)


class Events:
    """Parses the lines of a job's event stream; `last` is the entry id to resume from."""

    def __init__(self, job_id: str, after: str, edition: str) -> None:
        self.last = after
        self.ended = False
        self.heard = False
        self._entry = after
        self._query = {"edition": edition}
        self._path = f"/jobs/{job_id}/messages"

    @property
    def request(self) -> Json:
        """Arguments of the request that resumes after `last`."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": self.last}
        return {"method": "GET", "url": self._path, "headers": headers, "params": self._query}

    def check_ended(self) -> None:
        """Raises httpx.RemoteProtocolError if the stream ended before `done`: the connection was
        lost repeatedly, or the job was erased."""
        if not self.ended:
            raise httpx.RemoteProtocolError(f"the messages ended at {self.last}, without `done`")

    def take(self, line: str) -> tuple[str, Json] | None:
        """Parses one line; returns entry id and message if it completes an event, else None."""
        if line.startswith("id:"):
            self._entry = line[3:].strip()
        if not line.startswith("data:"):
            return None
        message: Json = json.loads(line[5:])
        self.last, self.heard = self._entry, True
        self.ended = message["type"] == "done"
        return self.last, message
