"""A command's way to a running system, over the same HTTP API as everyone's."""

from __future__ import annotations

import json
import mimetypes
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import typer

_CLIENT_FILE = "client.json"
_BLOCK = 1 << 20
_PATIENCE = 60
"""Broken connections in a row, counted double, until a server is given up."""


def client_file() -> Path:
    """Where `up` leaves the address and key of the system it started."""
    return Path(os.environ.get("POSEQUEUE_DATA_DIR", ".posequeue")) / _CLIENT_FILE


def _known() -> dict[str, str]:
    path = client_file()
    return dict(json.loads(path.read_text())) if path.is_file() else {}


class Client:
    """Talks to one system; ends the program with the server's words where it refuses."""

    def __init__(self, server: str | None = None, key: str | None = None) -> None:
        known = _known()
        self.server = server or os.environ.get("POSEQUEUE_SERVER") or known.get("server", "")
        secret = key or os.environ.get("POSEQUEUE_KEY") or known.get("key", "")
        if not self.server or not secret:
            typer.echo("no server: start one with `posequeue up`, or set POSEQUEUE_SERVER and "
                       "POSEQUEUE_KEY", err=True)  # fmt: skip
            raise typer.Exit(2)
        headers = {"Authorization": f"Bearer {secret}"}
        self._http = httpx.Client(base_url=self.server + "/v1", headers=headers, timeout=90)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """The answer's JSON."""
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            typer.echo(f"{self.server} does not answer: {error}", err=True)
            raise typer.Exit(1) from error
        if response.is_error:
            problem = response.json()
            typer.echo(f"{problem['code']}: {problem.get('detail', '')}", err=True)
            raise typer.Exit(1)
        return response.json() if response.content else None

    def upload(self, file: Path, progress: Callable[[float], None] = lambda _: None) -> str:
        """Uploads a file as any client would; returns the upload's id."""
        size = file.stat().st_size
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        wanted = {"filename": file.name, "contentType": kind, "bytes": size}
        place = self.call("POST", "/uploads", json=wanted)
        if "parts" in place:
            self._put_parts(file, place, progress)
        else:
            headers = {**place["headers"], "Content-Length": str(size)}
            self._put(place["url"], _blocks(file, 0, size, size, progress), headers)
        return str(place["id"])

    def _put_parts(self, file: Path, place: Any, progress: Callable[[float], None]) -> None:
        size, step, etags = file.stat().st_size, place["partBytes"], []
        for part in place["parts"]:
            start = (part["number"] - 1) * step
            length = min(step, size - start)
            blocks = _blocks(file, start, length, size, progress)
            answer = self._put(part["url"], blocks, {"Content-Length": str(length)})
            etags.append({"number": part["number"], "etag": answer.headers["etag"]})
        self.call("POST", f"/uploads/{place['id']}/complete", json={"parts": etags})

    def _put(self, url: str, body: Iterator[bytes], headers: dict[str, str]) -> httpx.Response:
        answer = httpx.put(url, content=body, headers=headers, timeout=600)
        if answer.is_error:
            typer.echo(
                f"the upload was refused: {answer.status_code} {answer.text[:300]}", err=True
            )
            raise typer.Exit(1)
        return answer

    def events(self, job_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Messages as they arrive, with their ids, to `done`; reconnects where it was left."""
        last, silent = "0-0", 0
        while silent < _PATIENCE:
            try:
                for entry, message in self._stream(job_id, last):
                    last, silent = entry, 0
                    yield entry, message
                    if message["type"] == "done":
                        return
            except httpx.TransportError:
                silent += 1
            time.sleep(0.5)
            silent += 1
        typer.echo(f"{self.server} went silent", err=True)
        raise typer.Exit(1)

    def _stream(self, job_id: str, last: str) -> Iterator[tuple[str, dict[str, Any]]]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
        path = f"/jobs/{job_id}/messages"
        with self._http.stream("GET", path, headers=headers) as response:
            if response.is_error:
                response.read()
                typer.echo(response.text[:300], err=True)
                raise typer.Exit(1)
            entry = ""
            for line in response.iter_lines():
                if line.startswith("id:"):
                    entry = line[3:].strip()
                elif line.startswith("data:"):
                    yield entry, json.loads(line[5:])


def _blocks(
    file: Path, start: int, length: int, whole: int, progress: Callable[[float], None]
) -> Iterator[bytes]:
    with file.open("rb") as source:
        source.seek(start)
        left = length
        while left > 0:
            block = source.read(min(_BLOCK, left))
            if not block:
                return
            left -= len(block)
            yield block
            progress((start + length - left) / whole)
