"""Server-sent events: live, resumed, across hot stream and archive."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse, IncompleteRead
from typing import Any

import httpx
import pytest

from api.streaming import message_follower, sse, stream_reader
from tests.api.api_play import Actor, Client, new_job, plain_client
from worker.contract.examples import EXAMPLES
from worker.contract.messages import Counter, Message
from worker.lifecycle.completion import archive_job
from worker.storage import keys
from worker.storage.stores import Stores

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


def test_messages_come_as_they_are_said_until_done(client: Client, stores: Stores) -> None:
    job_id = new_job(client)["id"]
    with Listener(client, job_id) as events:
        assert next(events) == (None, "", "connected")
        actor = Actor(stores, job_id)
        for n in (1, 2, 3):
            actor.say(*counters(n, n))
            assert take(events, 1) == [f"{n}-1"]
        actor.finish()
        left = said(events)
    assert left == [("3-2", "done", {"type": "done", "status": "succeeded", "messages": 3})]


def test_it_resumes_across_hot_stream_and_archive(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 1200))
    with Listener(client, actor.id) as events:
        seen = take(events, 400)
    # the header wins over the query, which a browser repeats as it was
    with Listener(client, actor.id, resume=seen[-1], after="0-0") as events:
        seen += take(events, 300)
    actor.say(*counters(1201, 1300))
    actor.finish()
    archive_job(stores, actor.id)
    with Listener(client, actor.id, resume=seen[-1]) as events:
        seen += take(events, 100)
    stores.redis.delete(keys.messages(actor.id))
    with Listener(client, actor.id, after=str(seen[-1])) as events:
        rest = said(events)
    seen += [entry_id for entry_id, _, _ in rest]
    assert seen == [*(f"{n}-1" for n in range(1, 1301)), "1300-2"]
    assert rest[-1][1] == "done"


def test_a_stream_that_cools_down_under_a_reader(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 3))
    with Listener(client, actor.id) as events:
        assert take(events, 3)
        # the end is written while nobody can read it from Redis any more
        actor.say(*counters(4, 5))
        assert take(events, 2) == ["4-1", "5-1"]
        actor.finish()
        archive_job(stores, actor.id)
        stores.redis.delete(keys.messages(actor.id))
        assert [entry_id for entry_id, _, _ in said(events)] == ["5-2"]


def test_after_the_end_there_is_nothing(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 2))
    actor.finish()
    stream = {"Accept": "text/event-stream"}
    path = f"/jobs/{actor.id}/messages"
    for archived in (False, True):
        if archived:
            archive_job(stores, actor.id)
            stores.redis.delete(keys.messages(actor.id))
        # an EventSource comes again after `done`, and stops at this answer alone
        assert client.get(path, headers={**stream, "Last-Event-ID": "2-2"}).status_code == 204
        for name in ("lastEventId", "last-event-id"):
            assert client.get(path, headers=stream, params={name: "2-2"}).status_code == 204
        # with a filter `done` was never heard, nor will be
        wanted = {"types": "counter"}
        heard = {**stream, "Last-Event-ID": "2-1"}
        assert client.get(path, headers=heard, params=wanted).status_code == 204
        # who asks anew, and does not come again, is told everything
        with Listener(client, actor.id, resume="") as events:
            assert [entry for entry, _, _ in said(events)] == ["1-1", "2-1", "2-2"]


@pytest.mark.parametrize("name", ["lastEventId", "last-event-id"])
def test_the_place_in_the_address(client: Client, stores: Stores, name: str) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 2))
    actor.finish()
    path, stream = f"/jobs/{actor.id}/messages", {"Accept": "text/event-stream"}
    answer = client.get(path, headers=stream, params={name: "1-1"})
    assert [line for line in answer.text.splitlines() if line.startswith("id:")] == [
        "id: 2-1", "id: 2-2",
    ]  # fmt: skip
    assert answer.headers["cache-control"] == "no-store, no-transform"
    both = client.get(path, headers={**stream, "Last-Event-ID": "2-1"}, params={name: "1-1"})
    assert both.text.count("id:") == 1
    assert client.get(path, headers=stream, params={name: "x"}).status_code == 422
    assert client.get(path, headers=stream, params={name: ""}).text.count("id:") == 3


def test_types_and_editions(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(("1-1", EXAMPLES["counter"]), ("2-1", EXAMPLES["jump_height"]))
    actor.finish()
    with Listener(client, actor.id, types="jump_height,done", edition="classic") as events:
        found = said(events)
    assert [(entry_id, kind) for entry_id, kind, _ in found] == [
        (None, "jump_height"),
        ("2-1", "jump_result"),
        ("2-2", "done"),
    ]
    assert all(kind == data["type"] for _, kind, data in found)
    with Listener(client, actor.id, types="jump_result", edition="superset") as events:
        assert [(entry_id, kind) for entry_id, kind, _ in said(events)] == [("2-1", "jump_result")]
    path, asked = f"/jobs/{actor.id}/messages", {"types": "jump_result", "edition": "classic"}
    (only,) = client.get(path, params=asked).json()["messages"]
    assert only["message"]["type"] == "jump_result"
    # nothing is left of what is wanted, though of what it is made there is
    resumed = {"Accept": "text/event-stream", "Last-Event-ID": "1-1"}
    assert client.get(path, params={"types": "jump_result"}, headers=resumed).status_code == 204


def test_erasure_ends_it(client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_follower, "_IDLE_S", 0.05)
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 1))
    with Listener(client, actor.id) as events:
        assert take(events, 1) == ["1-1"]
        assert client.delete(f"/jobs/{actor.id}").status_code == 204
        assert said(events) == []


def waits(stores: Stores) -> int:
    """Reads of streams that Redis has answered or given up."""
    return int(stores.redis.info("commandstats").get("cmdstat_xread", {}).get("calls", 0))


def test_heartbeats_while_nothing_is_said(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sse.HEARTBEAT_S == 15 and message_follower._IDLE_S <= 5
    monkeypatch.setattr(message_follower, "_IDLE_S", 0.02)
    monkeypatch.setattr(sse, "HEARTBEAT_S", 0.05)
    actor = Actor(stores, new_job(client)["id"])
    with Listener(client, actor.id) as events:
        assert [next(events)[2] for _ in range(2)] == ["connected", "still here"]
        reads = waits(stores)
        assert [next(events)[2] for _ in range(3)] == ["still here"] * 3
        # nothing is subscribed again, which would interrupt the read for all
        assert waits(stores) == reads
        actor.say(*counters(1, 1))
        assert take(events, 1) == ["1-1"]
        actor.finish()
        assert take(events, 1) == ["1-2"]


def blocked(stores: Stores) -> int:
    """Connections that wait for something."""
    return int(stores.redis.info("clients")["blocked_clients"])


def test_all_readers_share_one_connection_and_leave_none(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_reader, "_BLOCK_MS", 100)
    actors = [Actor(stores, new_job(client)["id"]) for _ in range(4)]
    with contextlib.ExitStack() as stack:
        heard = [stack.enter_context(Listener(client, a.id)) for a in actors for _ in range(2)]
        for actor in actors:
            actor.say(*counters(1, 1))
        assert [take(events, 1) for events in heard] == [["1-1"]] * 8
        assert blocked(stores) <= 1
    for _ in range(500):
        if blocked(stores) == 0:
            return
        client.get("/me")
    pytest.fail("the reader still waits for those who left")


def test_a_reader_from_an_id_to_come_holds_up_nobody(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_follower, "_IDLE_S", 0.2)
    actor = Actor(stores, new_job(client)["id"])
    with Listener(client, actor.id, resume="9999999999-0") as far:
        assert next(far)[2] == "connected"
        with Listener(client, actor.id) as near:
            assert next(near)[2] == "connected"
            rounds = int(stores.redis.info("commandstats")["cmdstat_hget"]["calls"])
            time.sleep(0.5)
            assert int(stores.redis.info("commandstats")["cmdstat_hget"]["calls"]) < rounds + 20
            actor.say(*counters(1, 2))
            assert take(near, 2) == ["1-1", "2-1"]
            actor.finish()
            assert take(near, 1) == ["2-2"]
        assert client.delete(f"/jobs/{actor.id}").status_code == 204
        assert said(far) == []


def test_readers_do_not_use_up_the_threads(client: Client, stores: Stores) -> None:
    job_id = new_job(client)["id"]
    limits = httpx.Limits(max_connections=150)

    def listen(_: int) -> list[str | None]:
        with Listener(wide, job_id) as events:
            next(events)
            all_open.wait(60)
            return [entry_id for entry_id, _, _ in said(events)]

    all_open = threading.Barrier(121)
    with (
        plain_client(base_url=client.base_url, headers=client.headers, limits=limits) as wide,
        ThreadPoolExecutor(120) as pool,
    ):
        listening = [pool.submit(listen, n) for n in range(120)]
        try:
            all_open.wait(60)
            assert client.get("/me").status_code == 200
            actor = Actor(stores, job_id)
            actor.say(*counters(1, 2))
            actor.finish()
        except BaseException:  # nobody is to listen for ever
            client.delete(f"/jobs/{job_id}")
            raise
        heard = [one.result() for one in listening]
    assert heard == [["1-1", "2-1", "2-2"]] * 120


def test_a_client_that_takes_nothing_is_dropped_and_may_resume(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_follower, "SLOW_S", 0.3)
    actor = Actor(stores, new_job(client)["id"])
    for first in range(1, 3001, 500):
        actor.say(*((f"{n}-1", EXAMPLES["keypoints"]) for n in range(first, first + 500)))
    actor.finish()
    with socket.socket() as plain:
        # small enough that the kernel does not take it all
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect((client.base_url.host, client.base_url.port))
        plain.settimeout(20)
        lines = [
            f"GET /v1/jobs/{actor.id}/messages HTTP/1.1", "Host: x", "Accept: text/event-stream",
            f"Authorization: {client.headers['Authorization']}", "", "",
        ]  # fmt: skip
        plain.sendall("\r\n".join(lines).encode())
        time.sleep(2)
        answer = HTTPResponse(plain)
        answer.begin()
        with pytest.raises(IncompleteRead) as cut:
            answer.read()
    # the last event may be torn: a client goes on behind the last whole one
    whole = cut.value.partial.rpartition(b"\n\n")[0].split(b"\n")
    ids = [line[4:].decode() for line in whole if line.startswith(b"id: ")]
    assert 0 < len(ids) < 3000
    with Listener(client, actor.id, resume=ids[-1]) as events:
        rest = [entry_id for entry_id, _, _ in said(events)]
    assert [*ids, *rest] == [*(f"{n}-1" for n in range(1, 3001)), "3000-2"]
