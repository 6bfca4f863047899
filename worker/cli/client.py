"""The HTTP client of the commands: finds server and key, and prints errors for a person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import typer

from api.client import PoseQueue, Refused
from worker.cli.local_system import known_system


class Client:
    """Talks to one system; where it refuses or does not answer, prints why and exits with status 1.

    Exits with status 2 where no server or key is known.
    """

    def __init__(self, server: str | None = None, key: str | None = None) -> None:
        known = known_system()
        self.server = server or os.environ.get("POSEQUEUE_SERVER") or known.get("server", "")
        secret = key or os.environ.get("POSEQUEUE_KEY") or known.get("key", "")
        if not self.server or not secret:
            typer.echo("no server: start one with `posequeue up`, or set POSEQUEUE_SERVER and "
                       "POSEQUEUE_KEY", err=True)  # fmt: skip
            raise typer.Exit(2)
        self._queue = PoseQueue(self.server, secret)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Sends a request to an API path; returns the answer's JSON."""
        with self._telling():
            return self._queue.call(method, path, **arguments)

    def upload(self, file: Path) -> str:
        """Uploads a file; returns the upload's id."""
        with self._telling():
            return self._queue.upload(file)

    def submit(self, given: str, options: dict[str, Any], priority: str = "normal") -> Any:
        """Creates a job on an upload id or a URL; returns the job."""
        with self._telling():
            return self._queue.submit(given, options, priority=priority)

    def events(self, job_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields (id, message) as messages arrive, to `done`; resumes after a lost connection."""
        with self._telling():
            yield from self._queue.follow(job_id)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except Refused as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        except httpx.HTTPError as error:
            typer.echo(f"{self.server} does not answer: {error}", err=True)
            raise typer.Exit(1) from error
