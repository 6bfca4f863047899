"""Messages over a WebSocket, as a client of the library `websockets` sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from api.routes import websocket
from tests.api.api_play import Actor, Client, new_job
from worker.contract.examples import EXAMPLES
from worker.contract.messages import Counter
from worker.lifecycle.completion import archive_job
from worker.storage import keys
from worker.storage.stores import Stores


def key_of(client: Client) -> str:
    """The key that a client bears."""
    return client.headers["Authorization"].removeprefix("Bearer ")


@contextmanager
def opened(client: Client, job_id: str, query: str = "", **options: Any) -> Iterator[
    ClientConnection
]:  # fmt: skip
    """A socket that bears the client's key as a subprotocol."""
    address = str(client.base_url).replace("http", "ws", 1)
    # a client that leaves with frames unread would wait for the answer to its close
    given = {"subprotocols": ["posequeue", key_of(client)], "close_timeout": 0.2, **options}
    with connect(f"{address}jobs/{job_id}/ws{query}", **given) as socket:
        yield socket


def frames(socket: ClientConnection) -> list[Any]:
    """All frames up to the close."""
    return [json.loads(frame) for frame in socket]


def closed(socket: ClientConnection) -> tuple[int, str]:
    """How the server closes a socket that it refuses."""
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(timeout=10)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


def talk(actor: Actor, first: int, last: int) -> None:
    """Says counters with ids `<n>-1`."""
    actor.say(*((f"{n}-1", Counter(current_count=n)) for n in range(first, last + 1)))


def test_messages_come_as_they_are_said_until_done(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    with opened(client, actor.id) as socket:
        assert socket.subprotocol == "posequeue"
        talk(actor, 1, 2)
        first = json.loads(socket.recv(timeout=10))
        assert first["id"] == "1-1" and first["message"]["current_count"] == 1
        actor.finish()
        rest = frames(socket)
        assert [frame["id"] for frame in rest] == ["2-1", "2-2"]
        assert rest[-1]["message"]["type"] == "done"
        assert socket.close_code == 1000


def test_the_key_may_come_in_the_first_frame(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    talk(actor, 1, 1)
    actor.finish()
    with opened(client, actor.id, subprotocols=None) as socket:
        socket.send(json.dumps({"token": key_of(client)}))
        assert [frame["id"] for frame in frames(socket)] == ["1-1", "1-2"]


def test_it_resumes_across_hot_stream_and_archive(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    talk(actor, 1, 700)
    seen: list[str] = []
    with opened(client, actor.id) as socket:
        seen += [json.loads(socket.recv(timeout=10))["id"] for _ in range(300)]
    actor.finish()
    with opened(client, actor.id, f"?after={seen[-1]}") as socket:
        seen += [json.loads(socket.recv(timeout=10))["id"] for _ in range(200)]
    archive_job(stores, actor.id)
    stores.redis.delete(keys.messages(actor.id))
    with opened(client, actor.id, f"?after={seen[-1]}") as socket:
        seen += [frame["id"] for frame in frames(socket)]
    assert seen == [*(f"{n}-1" for n in range(1, 701)), "700-2"]


def test_types_and_editions(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(("1-1", EXAMPLES["counter"]), ("2-1", EXAMPLES["jump_height"]))
    actor.finish()
    with opened(client, actor.id, "?types=jump_height&edition=classic") as socket:
        found = [(frame.get("id"), frame["message"]["type"]) for frame in frames(socket)]
    assert found == [(None, "jump_height"), ("2-1", "jump_result")]  # clients may drop equal ids
    with opened(client, actor.id, "?types=jump_result&edition=superset") as socket:
        assert [frame["message"]["type"] for frame in frames(socket)] == ["jump_result"]


def test_a_reconnection_between_two_messages_of_one_entry_loses_neither(
    client: Client, stores: Stores
) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(("1-1", EXAMPLES["counter"]), ("2-1", EXAMPLES["jump_height"]))
    actor.finish()
    with opened(client, actor.id, "?edition=classic") as socket:
        first, height = (json.loads(socket.recv(timeout=10)) for _ in range(2))
    assert (first["id"], height["message"]["type"]) == ("1-1", "jump_height")
    assert "id" not in height
    with opened(client, actor.id, f"?after={first['id']}&edition=classic") as socket:
        rest = [frame["message"]["type"] for frame in frames(socket)]
    assert rest == ["jump_height", "jump_result", "done"]


def test_refusals(client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = new_job(client)["id"]
    wrong = ["posequeue", "pq_unknown"]
    with opened(client, job_id, subprotocols=wrong) as socket:
        assert closed(socket) == (4401, "invalid_token")
    with opened(client, "job_unknown") as socket:
        assert closed(socket) == (4404, "not_found")
    for query in ("?after=x", "?edition=v9", "?types=no", "?token=pq_x", "?limit=3"):
        with opened(client, job_id, query) as socket:
            code, reason = closed(socket)
            assert code == 4422 and reason.startswith(query[1:].split("=")[0])
    with opened(client, job_id, subprotocols=None) as socket:
        socket.send("no JSON")
        assert closed(socket) == (4401, "missing_token")
    monkeypatch.setattr(websocket, "FIRST_S", 0.05)
    with opened(client, job_id, subprotocols=None) as socket:
        assert closed(socket) == (4401, "missing_token")


def test_another_tenants_job_is_not_there(client: Client, connect: Any, stores: Stores) -> None:
    job_id = new_job(client)["id"]
    with opened(connect("other"), job_id) as socket:
        assert closed(socket) == (4404, "not_found")


@pytest.mark.parametrize(
    "frame",
    [
        "[" * 10_000,
        '{"token":"\\ud800"}',
        '{"token":7}',
        '{"token":%s}' % ("9" * 5000),
        "[]",
        "",
        "{",
    ],
)
def test_first_frames_that_bear_no_key(client: Client, frame: str) -> None:
    with opened(client, "job_x", subprotocols=["posequeue"]) as socket:
        socket.send(frame)
        assert closed(socket) == (4401, "missing_token")


def test_large_first_frames_are_not_read(client: Client) -> None:
    with opened(client, "job_x", subprotocols=["posequeue"]) as socket:
        socket.send('{"token":[' + "{}," * 10_000 + "{}]}")
        assert closed(socket)[0] == 1009


def test_an_address_has_few_sockets_without_a_key(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "MOST_WAITING", 3)
    job = new_job(client)["id"]
    with ExitStack() as stack:
        waiting = [
            stack.enter_context(opened(client, job, subprotocols=["posequeue"])) for _ in range(3)
        ]
        with (
            pytest.raises(InvalidStatus) as caught,
            opened(client, job, subprotocols=["posequeue"]),
        ):
            pass
        assert caught.value.response.status_code == 429
        with opened(client, job):  # its key came with the request
            pass
        waiting[0].send(json.dumps({"token": "pq_wrong"}))
        assert closed(waiting[0]) == (4401, "invalid_token")
        stack.enter_context(opened(client, job, subprotocols=["posequeue"]))


@pytest.mark.parametrize("keyed", [True, False])
def test_a_client_that_floods_a_socket_is_cut_off(client: Client, keyed: bool) -> None:
    with opened(client, new_job(client)["id"], **({} if keyed else {"subprotocols": None})) as one:
        for _ in range(20):
            assert one.ping("still here").wait(10)
        pings = (b"\x89\xfd\0\0\0\0" + bytes(125)) * 100_000
        empty_pieces = b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 2_000_000
        with pytest.raises(OSError):
            one.socket.sendall(pings if keyed else empty_pieces)
