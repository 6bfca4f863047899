"""The API as a server of its own."""

from __future__ import annotations

import socket

import uvicorn

from api.app import create_app
from worker.settings import Settings

_GRACE_S = 2
"""Seconds that open event streams may hold up a stop."""


def make_server(settings: Settings) -> uvicorn.Server:
    """A server that is not running yet; `should_exit = True` stops it from another thread."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return uvicorn.Server(config)


def serve(settings: Settings, sock: socket.socket | None = None) -> None:
    """Serves until SIGINT or SIGTERM, on `sock` where a bound one is given."""
    make_server(settings).run(sockets=None if sock is None else [sock])
