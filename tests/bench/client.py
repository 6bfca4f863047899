"""A client of a running system: plain HTTP for jobs, plain redis-py for messages."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import redis

from worker.embedded.stack import System

_BLOCK_MS = 1000


class JobFailed(RuntimeError):
    """A measured job did not succeed."""


@dataclass(frozen=True)
class Times:
    """Seconds from sending the request: its answer, the first message, `done`."""

    answered_s: float
    first_s: float
    done_s: float


class Client:
    """Holds one HTTP and one Redis connection open, as a busy host does."""

    def __init__(self, system: System, key: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {key or system.address.key}"}
        url = system.address.server + "/v1"
        self._http = httpx.Client(base_url=url, headers=headers, timeout=60)
        given = system.stores.settings.redis_url.get_secret_value()
        self.redis: Any = redis.Redis.from_url(given, socket_timeout=30, protocol=2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()
        self.redis.close()

    def upload(self, file: Path, content_type: str = "video/mp4") -> str:
        """Uploads a file; its id, which any number of jobs may name."""
        data = file.read_bytes()
        wanted = {"filename": file.name, "contentType": content_type, "bytes": len(data)}
        place = self._http.post("/uploads", json=wanted).raise_for_status().json()
        httpx.put(place["url"], content=data, headers=place["headers"]).raise_for_status()
        return str(place["id"])

    def create(self, upload_id: str, **options: Any) -> str:
        """Creates a job; its id."""
        body = {"input": {"uploadId": upload_id}, "options": options}
        return str(self._http.post("/jobs", json=body).raise_for_status().json()["id"])

    def finish(self, job_id: str, timeout_s: float = 300) -> tuple[float, float]:
        """Reads a job's stream to `done`: when the first message and when the last had come.

        Times are of time.monotonic. Raises JobFailed, also after `timeout_s`.
        """
        key, after, first = f"pq:{{{job_id}}}:messages", "0", 0.0
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            for _, rows in self.redis.xread({key: after}, block=_BLOCK_MS) or ():
                now = time.monotonic()
                first = first or now
                after = rows[-1][0]
                if rows[-1][1][b"type"] == b"done":
                    if b'"succeeded"' not in rows[-1][1][b"data"]:
                        raise JobFailed(rows[-1][1][b"data"].decode())
                    return first, now
        raise JobFailed(f"{job_id} is not done after {timeout_s:g} s")

    def timed(self, upload_id: str, timeout_s: float = 300, **options: Any) -> Times:
        """Creates a job and reads its messages to the end."""
        began = time.monotonic()
        job_id = self.create(upload_id, **options)
        answered = time.monotonic()
        first, done = self.finish(job_id, timeout_s)
        return Times(answered - began, first - began, done - began)

    def again(self, job_id: str, **options: Any) -> tuple[str, float]:
        """Has a job's poses analysed again; the new job's id and the seconds until it was done."""
        began = time.monotonic()
        reply = self._http.post(f"/jobs/{job_id}/analyze", json={"options": options})
        again = str(reply.raise_for_status().json()["id"])
        return again, self.finish(again)[1] - began
