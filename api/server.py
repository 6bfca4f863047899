"""Runs the API with uvicorn."""

from __future__ import annotations

import copy
import socket
from typing import Any

import uvicorn

from api.app import create_app
from api.middleware.connections import bounded_protocol, most_connections
from api.middleware.sockets import BoundedSocket
from worker.observability.log_setup import configure_logs
from worker.settings import Settings

MAX_FRAME_BYTES = 16 * 1024
"""Size of a frame that a client may send: the one with its key is the only one that is read."""
_GRACE_S = 2
"""Seconds that a stop waits for open event streams."""


def _logging() -> dict[str, Any]:
    """Returns uvicorn's logging configuration with the access log on standard error, as standard
    output is for results."""
    configuration = copy.deepcopy(uvicorn.config.LOGGING_CONFIG)
    configuration["handlers"]["access"]["stream"] = "ext://sys.stderr"
    return configuration


def make_server(settings: Settings) -> uvicorn.Server:
    """Builds a server without starting it; `should_exit = True` stops it from another thread."""
    configure_logs(settings.log_level, settings.secrets(), settings.log_format)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        log_level="info" if settings.access_log else "warning",
        log_config=None if settings.log_format == "json" else _logging(),
        access_log=settings.access_log,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        http=bounded_protocol(settings.connections_per_client, settings.trusted_proxies),
        ws=BoundedSocket,
        ws_max_size=MAX_FRAME_BYTES,
        limit_concurrency=most_connections(settings.api_connections),
        timeout_graceful_shutdown=_GRACE_S,
    )
    return uvicorn.Server(config)


def serve(settings: Settings, sock: socket.socket | None = None) -> None:
    """Serves until SIGINT or SIGTERM, on the bound socket `sock` if given."""
    make_server(settings).run(sockets=None if sock is None else [sock])
