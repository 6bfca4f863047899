"""Sizes and entity tags of objects, asked for without boto3's general machinery."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
from pydantic import SecretStr

from worker.settings import Settings
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.objects import s3
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


def test_what_a_head_request_cannot_judge_is_asked_by_boto3(settings: Settings) -> None:
    class Forbidding(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Forbidding)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    other = settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{server.server_port}"})
    try:
        objects = ObjectStore(other)
        assert HeadRequests(other, objects._client, 5).version("a") is None
        with pytest.raises(StoreUnavailable):
            objects.version("a")
    finally:
        server.shutdown()


def test_a_silent_store_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_QUICK_S", 0.3)
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
