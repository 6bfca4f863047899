"""The Python client: `PoseQueue` and, for asyncio, `AsyncPoseQueue`.

    with PoseQueue("https://pose.example.com", "pq_…") as queue:
        job = queue.submit(queue.upload(Path("clip.mp4")), {"exercise": "squat"})
        for entry_id, message in queue.follow(job["id"]):
            ...

Requests are retried where that is safe: reads, and those with an Idempotency-Key, which `submit`
generates by default. Batches are in `batches.py`, webhooks in `webhooks.py`.
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
    MAX_BROKEN_STREAMS,
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
    """Client of one server with one API key; a context manager.

    Every method raises Refused where the server answers with an error, and httpx.HTTPError where
    it does not answer.
    """

    def __init__(self, server: str, key: str, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        self._http = httpx.Client(base_url=target(server), headers=bearer(key), timeout=timeout)
        # presigned URLs are signed: the API key must not be sent to the object store
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
        """Closes all connections."""
        self._http.close()
        self._plain.close()

    def call(self, method: str, path: str, *, again: bool | None = None, **options: Any) -> Any:
        """Calls any path below /v1 and returns the answer's JSON, None if empty.

        `again` says whether the request may be retried; by default GET, PUT and DELETE are.
        """
        return self._run(asked(method, path, again=repeatable(method, again), **options))

    def upload(self, file: Path, content_type: str | None = None) -> str:
        """Uploads a file, in parts if it is large, and returns the upload's id."""
        return self._run(uploaded(file, content_type))

    def submit(
        self, given: str | Json, options: Json | None = None, *, key: str | None = None, **more: Any
    ) -> Json:
        """Creates a job for an upload's id, a URL or an `input` object, and returns it.

        `key` is the Idempotency-Key (random by default), `more` are other fields of `POST /jobs`:
        metadata, priority, deadlineSeconds, webhook.
        """
        return self._run(submitted(given, options, key, more))

    def job(self, job_id: str) -> Json:
        """Returns the job's current state."""
        job: Json = self.call("GET", f"/jobs/{job_id}")
        return job

    def cancel(self, job_id: str) -> Json:
        """Cancels a job: a queued one never starts, a running one stops at its next batch."""
        job: Json = self.call("POST", f"/jobs/{job_id}/cancel", again=True)
        return job

    def erase(self, job_id: str) -> None:
        """Erases a job with all its data, its upload too."""
        self.call("DELETE", f"/jobs/{job_id}")

    def analyze(self, job_id: str, options: Json) -> Json:
        """Creates a job that analyses the poses of a succeeded one with other options."""
        job: Json = self.call("POST", f"/jobs/{job_id}/analyze", json={"options": options})
        return job

    def messages(
        self, job_id: str, after: str = "0-0", *, limit: int = 500, types: str | None = None,
        edition: str = "v3",
    ) -> Json:  # fmt: skip
        """Returns a page of messages, `{messages: [{id, message}], next}`; `types` by comma."""
        return self._run(page_of(job_id, after, limit, types, edition))

    def follow(
        self, job_id: str, after: str = "0-0", *, edition: str = "v3"
    ) -> Iterator[tuple[str, Json]]:
        """Yields entry ids and messages as they arrive, until `done`; reconnects if needed.

        Raises httpx.TransportError after MAX_BROKEN_STREAMS connections in a row without a message.
        """
        events, broken = Events(job_id, after, edition), 0
        while not events.ended and broken < MAX_BROKEN_STREAMS:
            events.heard = False
            try:
                with self._http.stream(**events.request) as response:
                    if response.is_error:
                        response.read()
                        raise Refused(response)
                    yield from filter(None, map(events.take, response.iter_lines()))
            except httpx.TransportError:
                if broken + 1 >= MAX_BROKEN_STREAMS:
                    raise
            broken = 0 if events.heard else broken + 1
            if not events.ended:
                time.sleep(PAUSE_S)
        events.check_ended()

    def wait(self, job_id: str, seconds: float = 3600) -> Json:
        """Waits for a job to end and returns it; raises TimeoutError after `seconds`."""
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
