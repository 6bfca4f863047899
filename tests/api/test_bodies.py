"""Bodies of requests: whose they are comes first, then how large and deep they are."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.exceptions import RequestValidationError

from api.middleware import connections
from api.middleware.connections import trusts
from api.server import make_server
from api.services.json_body import MOST_DEPTH, parse_json
from tests.api.api_play import Client, plain_client, refused
from worker.contract.errors import JobError
from worker.settings import Settings

JOB = '{"input":{"url":"http://media.example/a.mp4"},MORE}'
BATCH = f'{{"jobs":[{JOB}]}}'
JSON = {"Content-Type": "application/json"}


@contextlib.contextmanager
def serving(settings: Settings, **change: Any) -> Iterator[tuple[str, int]]:
    """A server of its own; its host and port."""
    server = make_server(settings.model_copy(update={"api_port": 0, **change}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("path", ["/jobs", "/batches", "/uploads", "/webhooks"])
def test_without_a_key_no_body_is_read(address: str, path: str) -> None:
    """The answer comes though the body never does."""
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 5) as here:
        here.sendall(
            f"POST /v1{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 900000\r\n\r\n{".encode()
        )
        here.settimeout(5)
        assert here.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_large_bodies_of_strangers_hold_up_nobody(address: str) -> None:
    body = b'{"jobs":[' + b",".join([b"{}"] * 2_700_000) + b"]}"
    slowest, ended = [0.0], threading.Event()

    def ping() -> None:
        with plain_client(base_url=address) as here:
            while not ended.wait(0.02):
                began = time.perf_counter()
                assert here.get("/healthz").status_code == 200
                slowest[0] = max(slowest[0], time.perf_counter() - began)

    thread = threading.Thread(target=ping)
    thread.start()
    try:
        with plain_client(base_url=address) as here:
            for _ in range(3):
                answer = here.post("/v1/batches", content=body, headers=JSON)
                refused(answer, 401, "missing_token")
    finally:
        ended.set()
        thread.join()
    assert slowest[0] < 1  # it was 4 s for each of them; alone it is some milliseconds


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b'{"metadata":{"a":' + b"[" * 100 + b"1" + b"]" * 100 + b"}}", "nested too deeply"),
        (b'{"metadata":' + b"[" * 50_000 + b"1" + b"]" * 50_000 + b"}", "nested too deeply"),
        (b'{"metadata":{"a":[' + b",".join([b"1"] * 200_000) + b"]}}", "holds too much"),
    ],
)
def test_deep_and_crowded_bodies(client: Client, body: bytes, what: str) -> None:
    problem = refused(client.post("/jobs", content=body, headers=JSON), 422, "invalid_parameter")
    assert what in problem["detail"] and problem["details"]["parameter"] == "body"


def test_parsing_is_bounded() -> None:
    nested: Any = 1
    for _ in range(MOST_DEPTH):
        nested = [nested]
    assert parse_json(json.dumps(nested).encode(), 1000) == nested
    with pytest.raises(JobError):
        parse_json(json.dumps([nested]).encode(), 1000)
    with pytest.raises(JobError):
        parse_json(b"[1,2,3]", 2)
    for wrong in (b"NaN", b'{"a":NaN}', b'"\xff"', b"{", b"[1]x"):
        with pytest.raises(RequestValidationError):
            parse_json(wrong, 1000)


@pytest.mark.parametrize("path", ["/jobs", "/batches", "/webhooks", "/references"])
@pytest.mark.parametrize(
    "place",
    ['[NaN,"x"]', '[Infinity,"x"]', '[1e999,"x"]', '[1,"\\ud800"]', '["nan","x"]', "[1]",
     '{"a":1,"b":2}', "[null,null]", '[1,"x\\u0000"]', "[" * 5000],
)  # fmt: skip
def test_cursors_of_nobody(client: Client, path: str, place: str) -> None:
    import base64

    cursor = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    answer = client.get(path, params={"cursor": cursor})
    assert refused(answer, 422, "invalid_parameter")["details"]["parameter"] == "cursor"


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1e400", str(2**70)])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/jobs", JOB.replace("MORE", '"options":{"userHeightCm":NUMBER}')),
        ("/jobs", JOB.replace("MORE", '"deadlineSeconds":NUMBER')),
        ("/batches", BATCH.replace("MORE", '"options":{"userHeightCm":NUMBER}')),
        ("/page-tokens", '{"expiresInSeconds":NUMBER}'),
        ("/uploads", '{"filename":"a","contentType":"video/mp4","bytes":NUMBER}'),
    ],
)
def test_absurd_numbers(client: Client, path: str, body: str, number: str) -> None:
    answer = client.post(path, content=body.replace("NUMBER", number), headers=JSON)
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_half_sent_requests_end(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADERS_S", 0.5)
    monkeypatch.setattr(connections, "BODY_S", 0.5)
    with serving(settings) as here:
        begun = b"POST /healthz HTTP/1.1\r\nHost: x\r\n"
        for sent in (b"", b"GET /healthz HTT", begun, begun + b"Content-Length: 9\r\n\r\n{"):
            with socket.create_connection(here, 5) as connection:
                connection.sendall(sent)
                connection.settimeout(5)
                began = time.monotonic()
                with contextlib.suppress(ConnectionError):
                    while connection.recv(4096):
                        pass
                assert time.monotonic() - began < 3
        with plain_client(base_url=f"http://{here[0]}:{here[1]}") as fine:
            assert fine.get("/healthz").status_code == 200
            time.sleep(0.8)  # an idle connection is no half-sent request
            assert fine.get("/healthz").status_code == 200


def test_one_client_has_so_many_connections(settings: Settings) -> None:
    change = {"connections_per_client": 3, "trusted_proxies": "10.0.0.0/8"}
    with serving(settings, **change) as here:
        opened = [socket.create_connection(here, 5) for _ in range(3)]
        with socket.create_connection(here, 5) as more:
            more.settimeout(5)
            with contextlib.suppress(ConnectionError):
                more.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert more.recv(100) == b""
        opened.pop().close()
        time.sleep(0.2)
        with plain_client(base_url=f"http://{here[0]}:{here[1]}") as fine:
            assert fine.get("/healthz").status_code == 200
        for connection in opened:
            connection.close()


def test_proxies_are_not_clients() -> None:
    trusted: Callable[[str], bool] = trusts("127.0.0.1, 10.0.0.0/8, proxy")
    assert trusted("127.0.0.1") and trusted("10.1.2.3") and not trusted("192.0.2.1")
    assert not trusted("") and trusts("*")("192.0.2.1")


@pytest.mark.parametrize("keyed", [False, True])
def test_bodies_in_tiny_chunks_are_refused_at_once(
    settings: Settings, client: Client, keyed: bool
) -> None:
    """A chunk costs as much time as a large one: 600,000 in a packet stopped the event loop."""
    with serving(settings) as here:
        key = client.headers["Authorization"] if keyed else ""
        head = f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
        head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        with socket.create_connection(here, 5) as connection:
            connection.settimeout(20)
            began = time.process_time()
            with contextlib.suppress(ConnectionError):
                connection.sendall(head.encode() + b"1\r\n[\r\n" * 300_000 + b"0\r\n\r\n")
            answer = b""
            with contextlib.suppress(ConnectionError):
                answer = connection.recv(4096)
            assert answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 401")
            assert time.process_time() - began < 0.5  # the server is in this process; 6 s before
        with plain_client(base_url=f"http://{here[0]}:{here[1]}/v1") as fine:
            fine.headers["Authorization"] = client.headers["Authorization"]
            body = json.dumps({"input": {"url": "http://media.example/a.mp4"}}).encode()
            pieces = (body[at : at + 1] for at in range(len(body)))  # a small one may be so
            headers = {"Content-Type": "application/json"}
            assert fine.post("/jobs", content=pieces, headers=headers).status_code == 202
