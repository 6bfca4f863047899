"""Redis over TLS: the store and the broker verify it alike; S3 stores over TLS get plain bodies."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from celery import Celery

from worker.queueing import celery_app
from worker.settings import Settings
from worker.storage.connection import connect, connect_async, tls_options
from worker.storage.objects.s3 import ObjectStore
from worker.storage.stores import Stores


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1 that is signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
               cert, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
               "subjectAltName=IP:127.0.0.1"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


def context_of(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


@pytest.fixture
def front(stores: Stores, certificate: tuple[Path, Path]) -> Iterator[str]:
    """The address of a TLS front of the test server."""
    parts = urlsplit(stores.settings.redis_url.get_secret_value())
    context = context_of(certificate)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with contextlib.suppress(OSError):
                    inside = context.wrap_socket(plain, server_side=True)
                    behind = socket.create_connection((str(parts.hostname), int(parts.port or 0)))
                    for pair in ((inside, behind), (behind, inside)):
                        threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"rediss://:{parts.password}@127.0.0.1:{listener.getsockname()[1]}/0"
        listener.shutdown(socket.SHUT_RDWR)


def broker(url: str, ca_certs: Path | None) -> Celery:
    app = Celery("tls", broker=url, set_as_current=False)
    app.conf.broker_use_ssl = tls_options(url, ca_certs)
    return app


def ping(app: Celery) -> object:
    with app.connection() as connection:
        connection.ensure_connection(max_retries=1)
        return connection.default_channel.client.ping()


def test_who_cannot_be_verified_gets_no_password(front: str) -> None:
    with pytest.raises(redis.ConnectionError):
        connect(front).ping()
    with pytest.raises(Exception, match=r"(?i)certificate|verify"):
        ping(broker(front, None))


def test_an_event_loop_verifies_too(front: str, certificate: tuple[Path, Path]) -> None:
    async def ask(ca_certs: Path | None) -> bool:
        client = connect_async(front, ca_certs)
        try:
            return bool(await client.ping())
        finally:
            await client.aclose()

    with pytest.raises(redis.ConnectionError):
        asyncio.run(ask(None))
    assert asyncio.run(ask(certificate[1]))


def test_whose_authority_is_named_is_connected_to(
    front: str, certificate: tuple[Path, Path]
) -> None:
    assert connect(front, certificate[1]).ping()
    assert ping(broker(front, certificate[1]))


def test_the_application_has_these_settings(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Settings(redis_url="rediss://redis:6379/0", redis_ca_certs=certificate[1])
    monkeypatch.setattr(celery_app, "settings", lambda: given)
    options = celery_app._configuration()["broker_use_ssl"]
    assert options["ssl_cert_reqs"] == ssl.CERT_REQUIRED
    assert options["ssl_ca_certs"] == str(certificate[1])
    assert tls_options("redis://redis:6379/0", certificate[1]) == {}


class StrictStore(http.server.BaseHTTPRequestHandler):
    """Takes no `aws-chunked` bodies, as many stores that speak S3 do not."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        length = self.headers.get("content-length")
        chunked = "aws-chunked" in (self.headers.get("content-encoding") or "") or length is None
        if length is not None:
            self.rfile.read(int(length))
        self.send_response(501 if chunked else 200)
        self.send_header("ETag", '"x"')
        self.send_header("content-length", "0")
        self.end_headers()
        self.close_connection = chunked

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_bodies_go_out_plain_over_tls(
    certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate[1]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), StrictStore) as server:
        server.socket = context_of(certificate).wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"https://127.0.0.1:{server.server_port}"
        store = ObjectStore(Settings(s3_endpoint=endpoint, s3_access_key="a", s3_secret_key="b"))
        store.put("k", b"abc", "text/plain")
        path = tmp_path / "clip"
        path.write_bytes(b"\0" * 100_000)
        assert store.put_file("k", path, "video/mp4") == 100_000
        server.shutdown()


def test_where_the_bucket_stands_in_an_address() -> None:
    given = {"s3_endpoint": "http://s3.example", "s3_access_key": "a", "s3_secret_key": "b"}
    for style, start in (("auto", "http://s3.example/posequeue/k?"),
                         ("path", "http://s3.example/posequeue/k?"),
                         ("virtual", "http://posequeue.s3.example/k?")):  # fmt: skip
        store = ObjectStore(Settings.model_validate({**given, "s3_addressing": style}))
        assert store.presign_get("k", 60).startswith(start)
