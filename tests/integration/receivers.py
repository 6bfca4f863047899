"""Receivers of webhooks with tempers, and what each has heard."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Temper = Callable[[str, int], int]
"""The status to answer with, by webhook-id and number of the attempt, from 1."""


def good(_id: str, _attempt: int) -> int:
    """Takes everything."""
    return 200


def slow(_id: str, _attempt: int) -> int:
    """Takes everything, in its own time."""
    time.sleep(0.05)
    return 204


def moody(delivery: str, attempt: int) -> int:
    """Fails twice at every eighth delivery."""
    return 500 if attempt <= 2 and int(delivery[-1], 16) % 8 == 0 else 200


def elsewhere(_id: str, _attempt: int) -> int:
    """Sends whoever comes on to another place."""
    return 302


def gone(_id: str, _attempt: int) -> int:
    """Wants nothing any more."""
    return 410


@dataclass(frozen=True)
class Heard:
    """One request: its headers, its body, and how it was answered."""

    headers: dict[str, str]
    body: str
    status: int

    @property
    def event(self) -> dict[str, Any]:
        """The event."""
        event: dict[str, Any] = json.loads(self.body)
        return event


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that is killed hangs up."""


@dataclass
class Receiver:
    """An HTTP server on a free port, or on `port`; its temper may change."""

    temper: Temper
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        attempts: dict[str, int] = defaultdict(int)
        lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536  # the whole answer in one piece

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size).decode()
                if len(body.encode()) < size:  # its sender was killed
                    return
                if self.path != "/hook":
                    receiver.strayed.append(self.path)
                name = self.headers["webhook-id"]
                with lock:
                    attempts[name] += 1
                    attempt = attempts[name]
                status = receiver.temper(name, attempt)
                headers = {key.lower(): value for key, value in self.headers.items()}
                with lock:
                    receiver.heard.append(Heard(headers, body, status))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/stray")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def taken(self) -> list[Heard]:
        """What it said yes to."""
        return [heard for heard in list(self.heard) if 200 <= heard.status < 300]

    def stop(self) -> None:
        """Listens no more."""
        self.stopped = True
        self._server.shutdown()
        self._server.server_close()
