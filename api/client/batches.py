"""Client methods for many jobs: lists of jobs, batches in one request or from a manifest."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from .operations import PAUSE_S, Flow, Json, asked, uploaded
from .pagination import AsyncRuns, Runs

MANIFEST_TYPE = "application/x-ndjson"
_MOST_PAUSE_S = 5.0


def _taken(body: Json, key: str | None) -> Flow[Json]:
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    batch: Json = yield from asked("POST", "/batches", json=body, headers=headers)
    return batch


def _from_manifest(given: str | Iterable[Json], key: str | None) -> Flow[Json]:
    if not isinstance(given, str):
        given = yield from _written(given)
    named = {"url": given} if "://" in given else {"uploadId": given}
    return (yield from _taken({"manifest": named}, key))


def _written(jobs: Iterable[Json]) -> Flow[str]:
    """Uploads jobs as JSON lines and returns the upload's id; they need not fit in memory."""
    with tempfile.TemporaryDirectory(prefix="posequeue-") as folder:
        path = Path(folder) / "jobs.jsonl"
        with path.open("w") as out:
            out.writelines(json.dumps(job) + "\n" for job in jobs)
        return (yield from uploaded(path, MANIFEST_TYPE))


def _batch(batch_id: str) -> Flow[Json]:
    batch: Json = yield from asked("GET", f"/batches/{batch_id}")
    return batch


def _canceled(batch_id: str) -> Flow[Json]:
    batch: Json = yield from asked("POST", f"/batches/{batch_id}/cancel")
    return batch


def _still(batch: Json, end: float) -> bool:
    """Returns whether to continue waiting; raises TimeoutError after monotonic time `end`."""
    if batch["status"] == "completed":
        return False
    if time.monotonic() > end:
        raise TimeoutError(f"{batch['id']} is still {batch['status']}")
    return True


def _pauses() -> Iterator[float]:
    pause = PAUSE_S
    while True:
        yield pause
        pause = min(pause * 1.5, _MOST_PAUSE_S)


class BatchCalls(Runs):
    """Methods of `PoseQueue` for batches, whose jobs have the form that `job_body` returns."""

    def jobs(self, *, status: str | None = None, batch: str | None = None) -> Iterator[Json]:
        """Yields your jobs, newest first, optionally of one status or batch."""
        return self._all("/jobs", "jobs", status=status, batch=batch)

    def submit_batch(self, jobs: Iterable[Json], *, key: str | None = None) -> Json:
        """Creates a batch of up to 1,000 jobs, all or none; see `Refused.details["errors"]`."""
        return self._run(_taken({"jobs": list(jobs)}, key))

    def submit_manifest(self, given: str | Iterable[Json], *, key: str | None = None) -> Json:
        """Creates a batch of up to 100,000 jobs from a manifest (JSON lines) and returns it.

        `given` are jobs, which are uploaded, or the manifest's upload id or `s3://` URL. Invalid
        lines are counted in the batch, and the first 100 are listed.
        """
        return self._run(_from_manifest(given, key))

    def batch(self, batch_id: str) -> Json:
        """Returns a batch's current state: job counts by status, progress, the first errors."""
        return self._run(_batch(batch_id))

    def batches(self) -> Iterator[Json]:
        """Yields your batches, newest first."""
        return self._all("/batches", "batches")

    def cancel_batch(self, batch_id: str) -> Json:
        """Cancels the unfinished jobs of a batch."""
        return self._run(_canceled(batch_id))

    def wait_batch(self, batch_id: str, seconds: float = 86_400) -> Json:
        """Waits for a batch to complete and returns it; raises TimeoutError after `seconds`."""
        end, pauses = time.monotonic() + seconds, _pauses()
        while _still(found := self.batch(batch_id), end):
            time.sleep(next(pauses))
        return found


class AsyncBatchCalls(AsyncRuns):
    """Methods of `AsyncPoseQueue` for batches; see `BatchCalls`."""

    def jobs(self, *, status: str | None = None, batch: str | None = None) -> AsyncIterator[Json]:
        """Yields your jobs, newest first, optionally of one status or batch."""
        return self._all("/jobs", "jobs", status=status, batch=batch)

    async def submit_batch(self, jobs: Iterable[Json], *, key: str | None = None) -> Json:
        """Creates a batch of up to 1,000 jobs, all or none; see `Refused.details["errors"]`."""
        return await self._run(_taken({"jobs": list(jobs)}, key))

    async def submit_manifest(self, given: str | Iterable[Json], *, key: str | None = None) -> Json:
        """Creates a batch of up to 100,000 jobs from a manifest (JSON lines) and returns it.

        `given` are jobs, which are uploaded, or the manifest's upload id or `s3://` URL.
        """
        return await self._run(_from_manifest(given, key))

    async def batch(self, batch_id: str) -> Json:
        """Returns a batch's current state: job counts by status, progress, the first errors."""
        return await self._run(_batch(batch_id))

    def batches(self) -> AsyncIterator[Json]:
        """Yields your batches, newest first."""
        return self._all("/batches", "batches")

    async def cancel_batch(self, batch_id: str) -> Json:
        """Cancels the unfinished jobs of a batch."""
        return await self._run(_canceled(batch_id))

    async def wait_batch(self, batch_id: str, seconds: float = 86_400) -> Json:
        """Waits for a batch to complete and returns it; raises TimeoutError after `seconds`."""
        end, pauses = time.monotonic() + seconds, _pauses()
        while _still(found := await self.batch(batch_id), end):
            await asyncio.sleep(next(pauses))
        return found
