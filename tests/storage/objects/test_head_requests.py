"""Sizes and entity tags of objects, asked for without boto3's general machinery."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest
from pydantic import SecretStr

from worker.settings import Settings
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.objects import s3, s3_client
from worker.storage.objects.head_requests import HeadRequests
from worker.storage.objects.s3 import ObjectStore


@pytest.mark.parametrize("key", ["uploads/acme/upl_1", "uploads/a b+c/é~(1)%2F.mp4"])
def test_versions_are_those_that_boto3_sees(settings: Settings, key: str) -> None:
    objects = ObjectStore(settings)
    objects.ensure_bucket()
    objects.delete(key)  # other tests use such names
    with pytest.raises(NotFound):
        objects.version(key)
    for data in (b"", b"x" * 70_000):
        objects.put(key, data, "video/mp4")
        reply = objects._client.head_object(Bucket=objects.bucket, Key=key)
        theirs = (len(data), reply["ETag"])
        assert objects.version(key) == (reply["ContentLength"], reply["ETag"]) == theirs
        assert HeadRequests(settings, objects._client, 5).version(key) == theirs  # no fallback
    objects.delete(key)


def test_a_wrong_secret_is_refused(settings: Settings) -> None:
    wrong = settings.model_copy(update={"s3_secret_key": SecretStr("not it")})
    with pytest.raises(StoreUnavailable):
        ObjectStore(wrong).version("uploads/acme/upl_1")


@contextlib.contextmanager
def answering(settings: Settings, status: int, **headers: str) -> Iterator[Settings]:
    """Settings of a store that gives one answer to everything: `headers`, and `frames` to a GET."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": "6", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(b"frames")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    yield settings.model_copy(update={"s3_endpoint": endpoint})
    server.shutdown()
    server.server_close()


def test_what_a_head_request_cannot_judge_is_asked_by_boto3(settings: Settings) -> None:
    with answering(settings, 403) as other:
        objects = ObjectStore(other)
        assert HeadRequests(other, objects._client, 5).version("a") is None
        with pytest.raises(StoreUnavailable):
            objects.version("a")


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"1"'}])
@pytest.mark.parametrize("one_get", [True, False])
def test_a_store_without_strong_tags_pins_nothing(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    headers: dict[str, str],
    *,
    one_get: bool,
) -> None:
    monkeypatch.setattr(s3, "_TRANSFER_BYTES", 100 if one_get else 5)
    with answering(settings, 200, **headers) as other:
        objects = ObjectStore(other)
        assert objects.version("a") == (6, None)
        objects.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"frames"


def test_clients_are_made_once_by_many_threads(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def slow(*_: object) -> object:
        made.append(time.sleep(0.05))
        return boto3.client("s3", region_name="us-east-1")

    monkeypatch.setattr(s3_client, "open_client", slow)
    objects = ObjectStore(settings)
    threads = [threading.Thread(target=lambda: objects._quick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_silent_store_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "QUICK_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreUnavailable, match=r"head_object"):
            ObjectStore(settings.model_copy(update={"s3_endpoint": endpoint})).version("a")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
def test_a_store_that_is_down_is_unavailable(settings: Settings, endpoint: str) -> None:
    down = settings.model_copy(update={"s3_endpoint": endpoint})
    with pytest.raises(StoreUnavailable, match="head_object"):
        ObjectStore(down).version("uploads/acme/upl_1")


def test_missing_credentials_are_no_crash(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda self: None)
    anonymous = settings.model_copy(update={"s3_access_key": None, "s3_secret_key": None})
    client = ObjectStore(settings)._client
    assert HeadRequests(anonymous, client, 5).version("uploads/acme/upl_1") is None
