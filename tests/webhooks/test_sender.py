"""One request: bounded in time and size, never led to where it must not go."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.webhooks.conftest import Receiver
from worker.net.addresses import Unreachable, is_private_hostname, is_public, resolve_public
from worker.net.pinned_http import _Pools
from worker.settings import Settings
from worker.webhooks.retry_policy import MOST_WAIT_S, SCHEDULE, delay_after, retry_after
from worker.webhooks.sender import EXCERPT, MOST_BYTES, Sender, masked

Receive = Callable[..., Receiver]
HEADERS = {"webhook-id": "msg_1", "Content-Type": "application/json"}


@pytest.fixture
def sender(settings: Settings) -> Iterator[Sender]:
    given = settings.model_copy(update={"webhook_timeout_s": 1.0})
    with Sender(given) as opened:
        yield opened


@pytest.fixture
def strict(settings: Settings) -> Settings:
    """As in production: nothing private."""
    return settings.model_copy(update={"allow_private_urls": False, "webhook_timeout_s": 1.0})


@contextmanager
def rude(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does as it likes with each connection; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_quietly, args=(act, connection), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _quietly(act: Callable[[socket.socket], None], connection: socket.socket) -> None:
    try:
        act(connection)
    except OSError:
        return
    finally:
        connection.close()


def test_statuses(sender: Sender, receive: Receive) -> None:
    for status in (200, 201, 204, 299):
        receiver = receive(lambda _, s=status: (s, {}, b""))
        answer = sender.send(receiver.url, HEADERS, b"{}")
        assert (answer.good, answer.status, answer.error) == (True, status, None)
    for status in (301, 307, 400, 401, 404, 410, 429, 500, 503):
        answer = sender.send(receive(lambda _, s=status: (s, {}, b"")).url, HEADERS, b"{}")
        assert (answer.good, answer.status) == (False, status)


def test_nobody_there(sender: Sender) -> None:
    answer = sender.send("http://127.0.0.1:1/hook", HEADERS, b"{}")
    assert not answer.good and answer.status is None and "refused" in str(answer.error)
    answer = sender.send("http://nowhere.invalid/hook", HEADERS, b"{}")
    assert "cannot be resolved" in str(answer.error)


def silent(_: socket.socket) -> None:
    time.sleep(5)


def drips_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        connection.sendall(b"x-%d: y\r\n" % number)
        time.sleep(0.1)


def drips_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"z")
        time.sleep(0.1)


@pytest.mark.parametrize("act", [silent, drips_headers, drips_body])
def test_the_whole_answer_has_one_deadline(
    sender: Sender, act: Callable[[socket.socket], None]
) -> None:
    """Each byte comes well within any time-out between two bytes."""
    with rude(act) as port:
        answer = sender.send(f"http://127.0.0.1:{port}/", HEADERS, b"{}")
    assert not answer.good and answer.error == "no complete answer within 1 s"


def test_a_name_server_that_is_silent(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def lookup(*_: Any, **__: Any) -> Any:
        asked.wait(5)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    answer = sender.send("http://slow.example/", HEADERS, b"{}")
    asked.set()
    assert "not be resolved in time" in str(answer.error)


def test_an_endless_answer_is_cut(sender: Sender) -> None:
    sent = [0]

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent[0] < 1 << 28:
            sent[0] += connection.send(b"a" * 65_536)

    with rude(endless) as port:
        answer = sender.send(f"http://127.0.0.1:{port}/", HEADERS, b"{}")
    assert answer.good and len(str(answer.excerpt)) == EXCERPT
    assert sent[0] < 1 << 24 and MOST_BYTES == 65_536


def test_a_compressed_answer_is_not_unpacked(sender: Sender, receive: Receive) -> None:
    bomb = gzip.compress(b"a" * (1 << 24))
    receiver = receive(lambda _: (200, {"Content-Encoding": "gzip"}, bomb))
    answer = sender.send(receiver.url, HEADERS, b"{}")
    assert answer.good and "aaaa" not in str(answer.excerpt)
    assert receiver.got[0].headers["accept-encoding"] == "identity"


def test_nonsense_for_an_answer(sender: Sender) -> None:
    with rude(lambda connection: connection.sendall(b"hello\r\n\r\n")) as port:
        answer = sender.send(f"http://127.0.0.1:{port}/", HEADERS, b"{}")
    assert not answer.good and answer.error


def test_secrets_are_kept_out_of_excerpts(sender: Sender, receive: Receive) -> None:
    secret = "whsec_" + "QUJD" * 11
    bare = secret.removeprefix("whsec_")
    echo = f"{secret} {bare} Bearer abc.def-123 pq_{'k' * 43} v1,{'s' * 43}=".encode()
    receiver = receive(lambda _: (500, {}, echo))
    text = str(sender.send(receiver.url, HEADERS, b"{}", [secret]).excerpt)
    for hidden in ("QUJD", "abc.def", "kkkk", "ssss"):
        assert hidden not in text
    assert masked("all is well", [secret]) == "all is well"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0", "10.1.2.3", "169.254.169.254",
     "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::ffff:127.0.0.1]", "[fc00::1]",
     "[fe80::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
     "[::127.0.0.1]", "[fec0::1]"],
)  # fmt: skip
def test_private_addresses_are_not_asked(strict: Settings, receive: Receive, host: str) -> None:
    receiver = receive()
    with Sender(strict) as sender:
        answer = sender.send(f"http://{host}:{receiver.port}/", HEADERS, b"{}")
    assert "not a public address" in str(answer.error) and receiver.got == []


def test_a_name_that_leads_home(
    strict: Settings, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its other addresses are."""
    receiver = receive()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, receiver.port))
             for ip in ("93.184.216.34", "127.0.0.1")]  # fmt: skip
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with Sender(strict) as sender:
        answer = sender.send(f"http://rebind.example:{receiver.port}/", HEADERS, b"{}")
    assert "not a public address" in str(answer.error) and receiver.got == []


def test_a_redirect_to_loopback_is_not_followed(
    strict: Settings, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = receive()
    outer = receive(lambda _: (307, {"Location": inner.url}, b""))
    given = strict.model_copy(update={"webhook_allowed_hosts": f"127.0.0.1:{outer.port}"})
    with Sender(given) as sender:
        answer = sender.send(outer.url, HEADERS, b"{}")
    assert answer.status == 307 and not answer.good and inner.got == []


def test_the_address_that_was_checked_is_used(
    sender: Sender, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, asked = receive(), []
    real = socket.getaddrinfo

    def lookup(host: Any, *given: Any, **more: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "hook.example" else host, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    answer = sender.send(f"http://hook.example:{receiver.port}/a?b=c", HEADERS, b"{}")
    assert answer.good and asked.count("hook.example") == 1
    assert receiver.got[0].headers["host"] == f"hook.example:{receiver.port}"
    assert receiver.got[0].path == "/a?b=c"


def test_the_allow_list_of_a_development_machine(strict: Settings, receive: Receive) -> None:
    receiver = receive()
    for listed in ("127.0.0.1", f"127.0.0.1:{receiver.port}", "localhost, 127.0.0.1"):
        with Sender(strict.model_copy(update={"webhook_allowed_hosts": listed})) as sender:
            assert sender.send(receiver.url, HEADERS, b"{}").good
    with Sender(strict.model_copy(update={"webhook_allowed_hosts": "127.0.0.1:1"})) as sender:
        assert not sender.send(receiver.url, HEADERS, b"{}").good


def test_public_addresses() -> None:
    for address in ("93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"):
        assert is_public(ipaddress.ip_address(address))
    for address in (
        "64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "::ffff:0:10.0.0.1", "3fff::1", "5f00::1",
        "2a00:1450:4001:5efe:0:5efe:a00:1", "2a00:1450::200:5efe:10.0.0.1", "168.63.129.16",
        "192.0.0.8", "192.88.99.1",
    ):  # fmt: skip
        assert not is_public(ipaddress.ip_address(address)), address
    assert not is_private_hostname("example.com") and is_private_hostname("a.localhost.")
    with pytest.raises(Unreachable):
        resolve_public("127.0.0.1", 80, False)
    assert resolve_public("127.0.0.1", 80, True) == "127.0.0.1"


def test_the_schedule() -> None:
    assert SCHEDULE == (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    assert [delay_after(n, None, chance=0) for n in range(1, 10)] == list(SCHEDULE[1:])
    assert delay_after(10, None) is None
    drawn = {delay_after(2, None) for _ in range(50)}
    assert len(drawn) > 1 and all(300 <= wait <= 360 for wait in drawn if wait)
    assert delay_after(1, 60.0, chance=0) == 60 and delay_after(2, 60.0, chance=0) == 300
    assert delay_after(1, 1e9, chance=0) == MOST_WAIT_S


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 7 ", 7),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60),
        ("Wed, 21 Oct 2015 07:26:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("99999999999999999999", 999_999_999),
        ("²", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, 1_445_412_420.0) == seconds


def test_no_idle_connections_are_dropped_before_there_are_many(receive: Receive) -> None:
    receiver = receive()
    pools = _Pools(lambda _host, _port: "127.0.0.1", 4)
    first = pools.of(httpx.URL(f"http://one.example:{receiver.port}/"))
    for number in range(99):
        pools.of(httpx.URL(f"http://{number}.example:{receiver.port}/"))
    assert pools.of(httpx.URL(f"http://one.example:{receiver.port}/")) is first
    pools.of(httpx.URL(f"http://more.example:{receiver.port}/"))
    assert pools.of(httpx.URL(f"http://one.example:{receiver.port}/")) is first
    pools.close()
