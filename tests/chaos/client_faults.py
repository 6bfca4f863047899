"""Faults of clients and receivers: many at once that take nothing."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from random import Random
from urllib.parse import urlsplit

import httpx

from tests.chaos.faults import Fault
from tests.chaos.fleet import Fleet, until
from worker.storage import keys

READERS = 500


def crowd_streams(fleet: Fleet, random: Random) -> None:
    """READERS follow the running jobs at once, take nothing, and are gone without a word."""
    until(lambda: bool(fleet.stores.redis.zcard(keys.RUNNING)), 20)
    running = [name.decode() for name in fleet.stores.redis.zrange(keys.RUNNING, 0, -1)] or [
        "job_0"
    ]
    port = urlsplit(fleet.url).port
    with contextlib.ExitStack() as stack:
        for _ in range(READERS):
            with contextlib.suppress(OSError):
                reader = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
                head = (
                    f"GET /v1/jobs/{random.choice(running)}/messages HTTP/1.1",
                    f"Host: 127.0.0.1\r\nAuthorization: Bearer {fleet.key}",
                    "Accept: text/event-stream\r\n\r\n",
                )
                reader.sendall("\r\n".join(head).encode())
        fleet.hold(random.uniform(5, 10))


def erase_endpoint(fleet: Fleet, random: Random) -> None:
    """A webhook endpoint that answers nothing is erased while deliveries to it wait."""
    headers = {"Authorization": f"Bearer {fleet.key}"}
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        httpx.Client(base_url=f"{fleet.url}/v1", headers=headers, timeout=60) as client,
    ):
        body = {
            "url": f"http://127.0.0.1:{silent.getsockname()[1]}/",
            "events": ["job.queued", "job.started", "job.succeeded"],
        }
        made = insisted(lambda: client.post("/webhooks", json=body))
        fleet.hold(random.uniform(6, 10))
        insisted(lambda: client.delete(f"/webhooks/{made.json()['id']}"))


def insisted(call: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer of a call that is repeated until it is no error; raises TimeoutError."""
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.HTTPError):
            return call().raise_for_status()
        if time.monotonic() > end:
            raise TimeoutError("the API does not do as it is asked")
        time.sleep(0.3)


CLIENT_FAULTS = (
    Fault(f"{READERS} event streams whose readers take nothing", crowd_streams),
    Fault("a webhook endpoint erased while deliveries wait", erase_endpoint),
)
