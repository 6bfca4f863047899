"""Many readers of event streams, idle ones and slow ones."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse, IncompleteRead

import httpx
import pytest

from api.streaming import message_follower, sse, stream_reader
from tests.api.api_play import Actor, Client, new_job, plain_client
from tests.api.sse_play import Listener, counters, said, take
from worker.contract.examples import EXAMPLES
from worker.storage.stores import Stores


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


def falls_to(most: int, client: Client, stores: Stores) -> bool:
    """Whether so few connections wait soon; a socket that was left is noticed in seconds."""
    end = time.monotonic() + 20
    while blocked(stores) > most and time.monotonic() < end:
        client.get("/me")
    return blocked(stores) <= most


def test_all_readers_share_one_connection_and_leave_none(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_reader, "_BLOCK_MS", 100)
    others = blocked(stores)  # another server in this process may still wait for its own
    actors = [Actor(stores, new_job(client)["id"]) for _ in range(4)]
    with contextlib.ExitStack() as stack:
        heard = [stack.enter_context(Listener(client, a.id)) for a in actors for _ in range(2)]
        for actor in actors:
            actor.say(*counters(1, 1))
        assert [take(events, 1) for events in heard] == [["1-1"]] * 8
        assert falls_to(others + 1, client, stores), "readers wait on connections of their own"
    assert falls_to(0, client, stores), "the reader still waits for those who left"


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
    dropped = threading.Event()

    class Noted(message_follower.TooSlow):
        def __init__(self, text: str) -> None:
            super().__init__(text)
            dropped.set()

    monkeypatch.setattr(message_follower, "SLOW_S", 0.3)
    monkeypatch.setattr(message_follower, "TooSlow", Noted)
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
        assert dropped.wait(20)
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
