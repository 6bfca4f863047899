"""A client for Python programs, `PoseQueue` and, for event loops, `AsyncPoseQueue`.

    with PoseQueue("https://pose.example.com", "pq_…") as queue:
        job = queue.submit(queue.upload(Path("clip.mp4")), {"exercise": "squat"})
        for entry_id, message in queue.follow(job["id"]):
            ...

Requests are tried again where that is safe: what reads, and what bears an Idempotency-Key, which
`submit` makes by itself. Batches are in `batches.py`, webhooks in `webhooks.py`.
Needs httpx; `verify_webhook` needs standardwebhooks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from .async_client import AsyncPoseQueue
from .batches import BatchCalls
from .operations import (
    FINAL,
    PATIENCE,
    PAUSE_S,
    PUT_TIMEOUT,
    TIMEOUT,
    TRIES,
    Call,
    Events,
    Flow,
    Json,
    Refused,
    T,
    asked,
    bearer,
    job_body,
    page_of,
    passing,
    pause,
    repeatable,
    submitted,
    target,
    uploaded,
)
from .webhooks import WebhookCalls, verify_webhook

__all__ = ["AsyncPoseQueue", "PoseQueue", "Refused", "job_body", "verify_webhook"]


class PoseQueue(BatchCalls, WebhookCalls):
    """Talks to one system; a context manager. Every method raises Refused where the server refuses
    and httpx.HTTPError where it does not answer."""

    def __init__(self, server: str, key: str, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        self._http = httpx.Client(base_url=target(server), headers=bearer(key), timeout=timeout)
        # presigned URLs bear their own signature: the key is not for the object store
        self._plain = httpx.Client(timeout=PUT_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()
        self._plain.close()

    def call(self, method: str, path: str, *, again: bool | None = None, **options: Any) -> Any:
        """Any other call of the API, by its path below /v1; the answer's JSON, None if empty."""
        return self._run(asked(method, path, again=repeatable(method, again), **options))

    def upload(self, file: Path, content_type: str | None = None) -> str:
        """Uploads a file, in parts where it is large; the upload's id."""
        return self._run(uploaded(file, content_type))

    def submit(
        self, given: str | Json, options: Json | None = None, *, key: str | None = None, **more: Any
    ) -> Json:
        """A new job on an upload's id or a URL; `key` is the Idempotency-Key, `more` what else
        `POST /jobs` takes: metadata, priority, deadlineSeconds, webhook."""
        return self._run(submitted(given, options, key, more))

    def job(self, job_id: str) -> Json:
        """The job as it is now."""
        job: Json = self.call("GET", f"/jobs/{job_id}")
        return job

    def cancel(self, job_id: str) -> Json:
        """Cancels the job: a queued one never starts, a running one stops at its next batch."""
        job: Json = self.call("POST", f"/jobs/{job_id}/cancel", again=True)
        return job

    def erase(self, job_id: str) -> None:
        """Erases everything of the job, its upload too."""
        self.call("DELETE", f"/jobs/{job_id}")

    def analyze(self, job_id: str, options: Json) -> Json:
        """A new job over the poses of one that succeeded, with other options."""
        job: Json = self.call("POST", f"/jobs/{job_id}/analyze", json={"options": options})
        return job

    def messages(
        self, job_id: str, after: str = "0-0", *, limit: int = 500, types: str | None = None,
        edition: str = "v3",
    ) -> Json:  # fmt: skip
        """A page of messages, `{messages: [{id, message}], next}`."""
        return self._run(page_of(job_id, after, limit, types, edition))

    def follow(
        self, job_id: str, after: str = "0-0", *, edition: str = "v3"
    ) -> Iterator[tuple[str, Json]]:
        """Ids and messages as they come, to `done`, across broken connections."""
        events, broken = Events(job_id, after, edition), 0
        while not events.ended and broken < PATIENCE:
            events.heard = False
            try:
                with self._http.stream(**events.request) as response:
                    if response.is_error:
                        response.read()
                        raise Refused(response)
                    yield from filter(None, map(events.take, response.iter_lines()))
            except httpx.TransportError:
                if broken + 1 >= PATIENCE:
                    raise
            broken = 0 if events.heard else broken + 1
            if not events.ended:
                time.sleep(PAUSE_S)
        events.check_ended()

    def wait(self, job_id: str, seconds: float = 3600) -> Json:
        """The finished job; raises TimeoutError."""
        end = time.monotonic() + seconds
        while (job := self.job(job_id))["status"] not in FINAL:
            if time.monotonic() > end:
                raise TimeoutError(f"{job_id} is still {job['status']}")
            time.sleep(PAUSE_S)
        return job

    def _run(self, flow: Flow[T]) -> T:
        answer: httpx.Response | None = None
        try:
            while True:
                call = next(flow) if answer is None else flow.send(answer)
                answer = self._send(call)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    def _send(self, call: Call) -> httpx.Response:
        client = self._plain if "://" in call.url else self._http
        for attempt in range(TRIES):
            last = attempt + 1 == TRIES or not call.again
            try:
                response = client.request(call.method, call.url, **call.options)
            except httpx.TransportError:
                if last:
                    raise
                time.sleep(pause(attempt, None))
                continue
            if not response.is_error:
                return response
            if last or not passing(response):
                raise Refused(response)
            time.sleep(pause(attempt, response))
        raise AssertionError("unreachable")
