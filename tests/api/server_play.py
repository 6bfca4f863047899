"""A server of a test's own settings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.server import make_server
from worker.settings import Settings


@contextmanager
def serving(settings: Settings, **changes: Any) -> Iterator[str]:
    """The address of a server with changed settings."""
    server = make_server(settings.model_copy(update={"api_port": 0, **changes}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the API ended at its start"
        thread.join(0.02)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join(10)
