"""Streams end with the key that opened them, and a tenant has so many."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_socket

from api.streaming import open_streams
from tests.api.api_play import Client, new_job, plain_client, refused
from worker.contract.plans import Plan, PlanLimits
from worker.settings import Settings
from worker.storage.stores import Stores

EVENTS = {"Accept": "text/event-stream"}
SOON_S = 8


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_streams, "CHECK_S", 0.2)


@contextmanager
def keyed(stores: Stores, address: str) -> Iterator[tuple[Client, str]]:
    key = stores.keys.create("acme", Plan.DEVELOPER)
    headers = {"Authorization": f"Bearer {key}"}
    with plain_client(base_url=f"{address}/v1", headers=headers) as client:
        yield client, key


def revoke(stores: Stores, key: str) -> None:
    found = stores.keys.find(key)
    assert found is not None
    stores.keys.revoke(found.keyId)


def test_a_revoked_key_ends_its_event_streams(stores: Stores, address: str, client: Client) -> None:
    job = new_job(client)["id"]
    with (
        keyed(stores, address) as (other, key),
        other.stream("GET", f"/jobs/{job}/messages", headers=EVENTS) as stream,
        client.stream("GET", f"/jobs/{job}/messages", headers=EVENTS) as mine,
    ):
        assert stream.status_code == mine.status_code == 200
        lines = stream.iter_lines()
        assert next(lines) == ": connected"
        time.sleep(0.5)
        revoke(stores, key)
        began = time.monotonic()
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in lines:
                pass
        assert time.monotonic() - began < SOON_S
        assert next(mine.iter_lines()) == ": connected"


def test_a_revoked_key_ends_its_sockets(stores: Stores, address: str, client: Client) -> None:
    job = new_job(client)["id"]
    with keyed(stores, address) as (_, key):
        url = f"{address.replace('http', 'ws', 1)}/v1/jobs/{job}/ws"
        with connect_socket(url) as socket:
            socket.send(json.dumps({"token": key}))
            timer = threading.Timer(1.0, revoke, (stores, key))
            timer.start()
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=SOON_S)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


def test_a_tenant_has_so_many_streams(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(openStreams=2))
    job = new_job(client)["id"]
    path = f"/jobs/{job}/messages"

    def opened() -> Any:
        return client.stream("GET", path, headers=EVENTS)

    with opened() as one, opened() as two:
        assert one.status_code == two.status_code == 200
        answer = client.get(path, headers=EVENTS)
        problem = refused(answer, 429, "concurrency_limit_exceeded")
        assert problem["details"] == {"limit": "openStreams", "allowed": 2}
        assert client.get(path).status_code == 200  # a page is no stream
    end = time.monotonic() + SOON_S
    while time.monotonic() < end:
        with opened() as again:
            if again.status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError("streams that were left are still counted")
