"""The asyncio client, with the methods of `api.client.sync_client`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from .batches import AsyncBatchCalls
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
    page_of,
    passing,
    pause,
    repeatable,
    submitted,
    target,
    uploaded,
)
from .webhooks import AsyncWebhookCalls


class AsyncPoseQueue(AsyncBatchCalls, AsyncWebhookCalls):
    """Asyncio client of one server with one API key; an async context manager.

    Methods raise as those of `PoseQueue`.
    """

    def __init__(self, server: str, key: str, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        self._http = httpx.AsyncClient(
            base_url=target(server), headers=bearer(key), timeout=timeout
        )
        self._plain = httpx.AsyncClient(timeout=PUT_TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections."""
        await self._http.aclose()
        await self._plain.aclose()

    async def call(
        self, method: str, path: str, *, again: bool | None = None, **options: Any
    ) -> Any:
        """Calls any path below /v1 and returns the answer's JSON, None if empty.

        `again` says whether the request may be retried; by default GET, PUT and DELETE are.
        """
        return await self._run(asked(method, path, again=repeatable(method, again), **options))

    async def upload(self, file: Path, content_type: str | None = None) -> str:
        """Uploads a file, in parts if it is large, and returns the upload's id.

        Reads the disk in the event loop, one part (64 MiB at most) at a time.
        """
        return await self._run(uploaded(file, content_type))

    async def submit(
        self, given: str | Json, options: Json | None = None, *, key: str | None = None, **more: Any
    ) -> Json:
        """Creates a job for an upload's id, a URL or an `input` object, and returns it.

        `key` is the Idempotency-Key (random by default), `more` are other fields of `POST /jobs`:
        metadata, priority, deadlineSeconds, webhook.
        """
        return await self._run(submitted(given, options, key, more))

    async def job(self, job_id: str) -> Json:
        """Returns the job's current state."""
        job: Json = await self.call("GET", f"/jobs/{job_id}")
        return job

    async def cancel(self, job_id: str) -> Json:
        """Cancels a job: a queued one never starts, a running one stops at its next batch."""
        job: Json = await self.call("POST", f"/jobs/{job_id}/cancel", again=True)
        return job

    async def erase(self, job_id: str) -> None:
        """Erases a job with all its data, its upload too."""
        await self.call("DELETE", f"/jobs/{job_id}")

    async def analyze(self, job_id: str, options: Json) -> Json:
        """Creates a job that analyses the poses of a succeeded one with other options."""
        job: Json = await self.call("POST", f"/jobs/{job_id}/analyze", json={"options": options})
        return job

    async def messages(
        self, job_id: str, after: str = "0-0", *, limit: int = 500, types: str | None = None,
        edition: str = "v3",
    ) -> Json:  # fmt: skip
        """Returns a page of messages, `{messages: [{id, message}], next}`; `types` by comma."""
        return await self._run(page_of(job_id, after, limit, types, edition))

    async def follow(
        self, job_id: str, after: str = "0-0", *, edition: str = "v3"
    ) -> AsyncIterator[tuple[str, Json]]:
        """Yields entry ids and messages as they arrive, until `done`; reconnects if needed.

        Raises httpx.TransportError after MAX_BROKEN_STREAMS connections in a row without a message.
        """
        events, broken = Events(job_id, after, edition), 0
        while not events.ended and broken < MAX_BROKEN_STREAMS:
            events.heard = False
            try:
                async with self._http.stream(**events.request) as response:
                    if response.is_error:
                        await response.aread()
                        raise Refused(response)
                    async for line in response.aiter_lines():
                        if found := events.take(line):
                            yield found
            except httpx.TransportError:
                if broken + 1 >= MAX_BROKEN_STREAMS:
                    raise
            broken = 0 if events.heard else broken + 1
            if not events.ended:
                await asyncio.sleep(PAUSE_S)
        events.check_ended()

    async def wait(self, job_id: str, seconds: float = 3600) -> Json:
        """Waits for a job to end and returns it; raises TimeoutError after `seconds`."""
        end = time.monotonic() + seconds
        while (job := await self.job(job_id))["status"] not in FINAL:
            if time.monotonic() > end:
                raise TimeoutError(f"{job_id} is still {job['status']}")
            await asyncio.sleep(PAUSE_S)
        return job

    async def _run(self, flow: Flow[T]) -> T:
        answer: httpx.Response | None = None
        try:
            while True:
                call = next(flow) if answer is None else flow.send(answer)
                answer = await self._send(call)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    async def _send(self, call: Call) -> httpx.Response:
        client = self._plain if "://" in call.url else self._http
        for attempt in range(TRIES):
            last = attempt + 1 == TRIES or not call.again
            try:
                response = await client.request(call.method, call.url, **call.options)
            except httpx.TransportError:
                if last:
                    raise
                await asyncio.sleep(pause(attempt, None))
                continue
            if not response.is_error:
                return response
            if last or not passing(response):
                raise Refused(response)
            await asyncio.sleep(pause(attempt, response))
        raise AssertionError("unreachable")
