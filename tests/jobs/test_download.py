"""Inputs by URL: what is refused, and that nothing leads around the refusal."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worker.contract.errors import ErrorCode, JobError
from worker.jobs import download
from worker.jobs.download import fetch_url, resolve_public
from worker.net.addresses import Unreachable

BODY = bytes(range(256)) * 40


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path; notes what it was asked."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        status, location = 200, None
        if self.path.startswith("/to/"):
            status, location = 302, self.path.removeprefix("/to/")
        elif self.path == "/loop":
            status, location = 302, "/loop"
        elif self.path == "/missing":
            status = 404
        elif self.path == "/moved":
            status, location = 301, "clip.mp4"
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        if self.path != "/unmeasured":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def address(server: Any, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.server_port}{path}"


def refusal(url: str, path: Path, **more: Any) -> JobError:
    given = {"source": "video", "max_bytes": 1 << 20, **more}
    with pytest.raises(JobError) as failure:
        fetch_url(url, path / "input", **given)
    return failure.value


@pytest.mark.parametrize("path", ["/clip.mp4", "/moved", "/to//clip.mp4?x=1", "/unmeasured"])
def test_a_file_is_fetched(server: Any, tmp_path: Path, path: str) -> None:
    url = address(server, path, "localhost")
    fetch_url(url, tmp_path / "input", "video", len(BODY), allow_private=True)
    assert (tmp_path / "input").read_bytes() == BODY
    assert {host for _, host in server.asked} == {f"localhost:{server.server_port}"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0"])
def test_a_private_address_is_not_even_asked(server: Any, tmp_path: Path, host: str) -> None:
    error = refusal(address(server, "/clip.mp4", host), tmp_path)
    assert error.code is ErrorCode.VIDEO_LOAD_ERROR
    assert server.asked == []


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[::1]", "[fe80::1]",
     "[fc00::1]", "[::ffff:127.0.0.1]", "[::]"],
)  # fmt: skip
def test_private_ranges(tmp_path: Path, host: str) -> None:
    assert "is not a public address" in refusal(f"http://{host}/a.mp4", tmp_path).message


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
def test_a_name_with_one_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: list[str]
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "is not a public address" in refusal("http://media.example/a", tmp_path).message


def test_the_address_that_was_checked_is_the_one_that_is_used(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is looked up once: what it says a moment later gains nothing."""
    looked_up = []
    real = socket.getaddrinfo

    def lookup(host: Any, *given: Any, **more: Any) -> Any:
        looked_up.append(str(host))
        return real("127.0.0.1" if host == "media.example" else host, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    url = address(server, "/clip.mp4", "media.example")
    fetch_url(url, tmp_path / "input", "video", len(BODY), allow_private=True)
    assert looked_up.count("media.example") == 1
    assert server.asked == [("/clip.mp4", f"media.example:{server.server_port}")]


def test_a_redirect_is_checked_like_the_first_address(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def public_only_here(host: str, port: int, allow_private: bool) -> str:
        if host == "media.example":
            return "127.0.0.1"
        return resolve_public(host, port, allow_private)

    monkeypatch.setattr(download, "resolve_public", public_only_here)
    target = address(server, "/clip.mp4")
    error = refusal(address(server, f"/to/{target}", "media.example"), tmp_path)
    assert "is not a public address" in error.message
    assert [path for path, _ in server.asked] == [f"/to/{target}"]
    for scheme in ("file:///etc/passwd", "ftp://media.example/a", "gopher://media.example"):
        error = refusal(address(server, f"/to/{scheme}", "media.example"), tmp_path)
        assert "only http and https" in error.message


@pytest.mark.parametrize("path", ["/clip.mp4", "/unmeasured"])
def test_a_file_that_is_too_large_is_cut_off(server: Any, tmp_path: Path, path: str) -> None:
    error = refusal(address(server, path), tmp_path, max_bytes=len(BODY) - 1, allow_private=True)
    assert error.code is ErrorCode.MEDIA_TOO_LARGE
    assert (tmp_path / "input").stat().st_size < len(BODY)


@pytest.mark.parametrize(("path", "reason"), [("/missing", "404"), ("/loop", "too many redirects")])
def test_answers_that_are_no_file(server: Any, tmp_path: Path, path: str, reason: str) -> None:
    assert reason in refusal(address(server, path), tmp_path, allow_private=True).message


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://media.example/a.mp4",
        "media.example/a.mp4",
        "http://",
        "http://[broken",
        "http://a:b:c/",
        "http://media.example:99999/",
        f"http://{'a' * 70}.example/",
        "http://a..example/",
        "",
    ],
)
def test_urls_that_are_none_are_the_senders_fault(tmp_path: Path, url: str) -> None:
    for source, code in (("video", "video_load_error"), ("image", "image_load_error")):
        assert refusal(url, tmp_path, source=source, allow_private=True).code.value == code


def test_a_redirect_to_nonsense(server: Any, tmp_path: Path) -> None:
    url = address(server, "/to/http://[broken")
    error = refusal(url, tmp_path, source="image", allow_private=True)
    assert error.code is ErrorCode.IMAGE_LOAD_ERROR


class Cutter(http.server.BaseHTTPRequestHandler):
    """A server that cuts connections: the first `cuts` answers end after `after` bytes.

    By path: /etag and /dated name their version, /plain none, /moving changes with each answer,
    /deaf ignores ranges, /shifted answers with another range than was asked for.
    """

    def do_GET(self) -> None:
        state = self.server.state  # type: ignore[attr-defined]
        asked = self.headers.get("Range")
        state["asked"].append((asked, self.headers.get("If-Range")))
        number = len(state["asked"])
        if state["broken"] and 1 < number <= 1 + state["broken"]:
            self.send_error(503)
            return
        version = f'"v{number}"' if self.path == "/moving" else '"v1"'
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if self.path == "/deaf" or (asked and self.headers.get("If-Range") != self.named(version)):
            start = 0
        if self.path == "/shifted" and start:
            start -= 1
        body = BODY[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        if self.path != "/plain":
            self.send_header(
                "Last-Modified" if self.path == "/dated" else "ETag", self.named(version)
            )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: state["after"]] if number <= state["cuts"] else body)

    def named(self, version: str) -> str:
        return "Mon, 23 Nov 2026 10:00:00 GMT" if self.path == "/dated" else version

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def cutter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(download, "PAUSES_S", (0.0,) * 4)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cutter) as running:
        running.state = {"asked": [], "cuts": 0, "after": 3000, "broken": 0}  # type: ignore[attr-defined]
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def fetched(server: Any, path: str, folder: Path, **more: Any) -> bytes:
    given = {"max_bytes": len(BODY), **more}
    fetch_url(address(server, path), folder / "input", "video", allow_private=True, **given)
    return (folder / "input").read_bytes()


@pytest.mark.parametrize("path", ["/etag", "/dated"])
def test_a_cut_download_goes_on_where_it_stopped(cutter: Any, tmp_path: Path, path: str) -> None:
    cutter.state["cuts"] = 3
    assert fetched(cutter, path, tmp_path) == BODY
    ranges = [asked for asked, _ in cutter.state["asked"]]
    assert ranges == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]
    version = '"v1"' if path == "/etag" else "Mon, 23 Nov 2026 10:00:00 GMT"
    assert {named for _, named in cutter.state["asked"][1:]} == {version}


def test_a_server_in_trouble_is_waited_for(cutter: Any, tmp_path: Path) -> None:
    cutter.state |= {"cuts": 1, "broken": 2}
    assert fetched(cutter, "/etag", tmp_path) == BODY
    assert [asked for asked, _ in cutter.state["asked"]] == [None] + ["bytes=3000-"] * 3


@pytest.mark.parametrize("path", ["/plain", "/deaf", "/moving", "/shifted"])
def test_what_may_be_another_file_is_fetched_anew(cutter: Any, tmp_path: Path, path: str) -> None:
    cutter.state["cuts"] = 1
    assert fetched(cutter, path, tmp_path) == BODY


def test_cuts_without_end_are_an_error(cutter: Any, tmp_path: Path) -> None:
    cutter.state |= {"cuts": 99, "after": 0}
    error = refusal(address(cutter, "/etag"), tmp_path, allow_private=True)
    assert error.code is ErrorCode.VIDEO_LOAD_ERROR
    assert "lost repeatedly" in error.message and len(cutter.state["asked"]) == 5


def test_the_limit_counts_all_parts(cutter: Any, tmp_path: Path) -> None:
    cutter.state["cuts"] = 2
    error = refusal(address(cutter, "/etag"), tmp_path, max_bytes=8000, allow_private=True)
    assert error.code is ErrorCode.MEDIA_TOO_LARGE


@pytest.mark.parametrize("kind", ["text/html", "text/HTML; charset=utf-8", "application/json"])
def test_a_page_is_no_video(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def page(self: Handler) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", "0")
        self.end_headers()

    monkeypatch.setattr(Handler, "do_GET", page)
    error = refusal(address(server, "/clip.mp4"), tmp_path, allow_private=True)
    assert error.code is ErrorCode.VIDEO_LOAD_ERROR
    assert kind.split(";")[0].lower() in error.message


DRIPS = {
    "body": b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 100000\r\n\r\n",
    "header": b"HTTP/1.1 200 OK\r\nX-A: ",
    "informational": b"",
    "chunk extension": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;",
    "silence": None,
}


@pytest.fixture(params=DRIPS)
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that never ends its answer, and is never silent for long."""
    first = DRIPS[request.param]
    piece = b"a" if first else b"HTTP/1.1 103 Early Hints\r\n\r\n"
    ended = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            if first is None:
                ended.wait()
                return
            connection.sendall(first)
            while not ended.wait(0.05):
                connection.sendall(piece)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/clip.mp4"
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)


def test_a_dripping_server_holds_nobody_past_the_limit(
    dripping: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MOST_SECONDS", 1)
    began = time.monotonic()
    error = refusal(dripping, tmp_path, allow_private=True)
    assert error.code is ErrorCode.VIDEO_LOAD_ERROR
    assert time.monotonic() - began < 3


def test_a_download_that_is_not_wanted_any_more_ends(dripping: str, tmp_path: Path) -> None:
    began = time.monotonic()

    def check() -> None:
        if time.monotonic() - began > 0.3:
            raise JobError(ErrorCode.CANCELED, "The job was canceled.")

    assert refusal(dripping, tmp_path, allow_private=True, check=check).code is ErrorCode.CANCELED
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "location", ["http://example.com/clip.mp4", "//user:word@example.com/x", "HTTP://example.com/"]
)
def test_a_redirect_does_not_give_up_encryption_nor_carry_a_user(location: str) -> None:
    with pytest.raises(Unreachable):
        download._redirected("https://example.com/a", location)
    assert download._redirected("https://example.com/a/b", "c") == "https://example.com/a/c"
