"""A client of event streams, and messages to say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.api.api_play import Client
from worker.contract.messages import Counter, Message

Event = tuple[str | None, str, Any]


def counters(first: int, last: int) -> list[tuple[str, Message]]:
    """Messages with ids `<n>-1`."""
    return [(f"{n}-1", Counter(current_count=n)) for n in range(first, last + 1)]


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """Events of a stream: id, type, data; comments as `(None, "", text)`."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield None, "", line[1:].strip()
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields.get("id"), fields["event"], json.loads(fields["data"])
            fields = {}


class Listener:
    """An open event stream."""

    def __init__(self, client: Client, job_id: str, resume: str | None = None, **params: str):
        headers = {"Accept": "text/event-stream"}
        if resume is not None:
            headers["Last-Event-ID"] = resume
        path = f"/jobs/{job_id}/messages"
        self._context = client.stream("GET", path, params=params, headers=headers)

    def __enter__(self) -> Iterator[Event]:
        answer = self._context.__enter__()
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return parse(answer.iter_lines())

    def __exit__(self, *_: object) -> None:
        self._context.__exit__(None, None, None)


def said(events: Iterator[Event]) -> list[Event]:
    """What is left, without comments."""
    return [event for event in events if event[1]]


def take(events: Iterator[Event], count: int) -> list[str | None]:
    """The ids of the next `count` messages."""
    found: list[str | None] = []
    while len(found) < count:
        event = next(events)
        if event[1]:
            found.append(event[0])
    return found
