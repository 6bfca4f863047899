"""Receivers on threads, and a webhook worker without its process."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.storage.factories import changed
from worker.contract.webhooks import DEFAULT_EVENTS, Endpoint
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores
from worker.webhooks.delivery_worker import DeliveryWorker
from worker.webhooks.firehose_consumer import FirehoseConsumer
from worker.webhooks.sender import Sender

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Request:
    """What a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """A web server; `answer` decides how each request is answered."""

    port: int = 0
    got: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Reply] = lambda _: (200, {}, b"ok")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def types(self) -> list[str]:
        return [request.event["type"] for request in self.got]

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """The events, every signature checked as a receiver does."""
        verify = Webhook(secret).verify
        return [verify(request.body, request.headers) for request in self.got]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # headers and body in one piece

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # its sender was killed
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, body, time.monotonic())
        receiver.got.append(request)
        status, more, content = receiver.answer(request)
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The sender may hang up: that is what some tests are about."""


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers: `receive(lambda request: (500, {}, b""))`."""
    servers: list[tuple[_Server, threading.Thread]] = []

    def make(answer: Callable[[Request], Reply] | None = None) -> Receiver:
        server = _Server(("127.0.0.1", 0), _Handler)
        receiver = Receiver(server.server_port)
        if answer is not None:
            receiver.answer = answer
        server.receiver = receiver  # type: ignore[attr-defined]
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        servers.append((server, thread))
        return receiver

    yield make
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Settings under which retries come at once."""
    return settings.model_copy(update={"webhook_retry_scale": 0.001, "webhook_timeout_s": 2})


@dataclass
class Post:
    """A webhook worker that does everything when it is told to."""

    stores: Stores
    consumer: FirehoseConsumer
    delivery_worker: DeliveryWorker
    told: list[str]

    def hear(self) -> None:
        """Reads all bells."""
        while self.consumer.listen(block_ms=1):
            pass

    def deliver(self, seconds: float = 10, until: Callable[[], bool] = lambda: False) -> None:
        """Delivers until nothing is due within a second."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self.consumer.poll()
            if self.told:
                self.delivery_worker.deliver(self.told.pop(0))
                continue
            first = self.stores.redis.zrange(keys.HOOKS_DUE, 0, 0, withscores=True)
            waits = first and first[0][1] < time.time() + 6
            if not waits and not self.stores.redis.zcard(keys.HOOKS_WATCHED):
                return
            time.sleep(0.01)

    def run(self, seconds: float = 10, until: Callable[[], bool] = lambda: False) -> None:
        """Hears and delivers."""
        self.hear()
        self.deliver(seconds, until)


@pytest.fixture
def post(stores: Stores, quick: Settings) -> Iterator[Post]:
    """A webhook worker on the test's stores."""
    hasty = changed(stores, settings=quick)
    told: list[str] = []
    consumer = FirehoseConsumer(hasty, "test:1", told.append)
    consumer.prepare()
    with Sender(quick) as sender:
        yield Post(hasty, consumer, DeliveryWorker(hasty, sender), told)


Subscribe = Callable[..., tuple[Endpoint, str]]


@pytest.fixture
def subscribe(stores: Stores) -> Subscribe:
    """Makes endpoints that existed before any job: `subscribe(receiver, "job.succeeded")`."""

    def make(receiver: Receiver, *events: str, tenant: str = "acme") -> tuple[Endpoint, str]:
        endpoint, secret = stores.endpoints.create(tenant, receiver.url, events or DEFAULT_EVENTS)
        early = stores.endpoints.change(endpoint, createdAt="2020-01-01T00:00:00.000Z")
        return early, secret

    return make
