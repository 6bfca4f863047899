"""The clients' calls for many jobs: lists, batches in one request or from a manifest."""

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
    """Uploads jobs as JSON lines, which may be more than fit in memory; the upload's id."""
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
    """Whether to go on waiting; raises TimeoutError where the time is up."""
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
    """Part of `PoseQueue`. A job of a batch is what `job_body` makes."""

    def jobs(self, *, status: str | None = None, batch: str | None = None) -> Iterator[Json]:
        """Your jobs, newest first: all, of a status, of a batch."""
        return self._all("/jobs", "jobs", status=status, batch=batch)

    def submit_batch(self, jobs: Iterable[Json], *, key: str | None = None) -> Json:
        """Up to 1,000 jobs, all taken or none; `Refused.details["errors"]` has what is wrong."""
        return self._run(_taken({"jobs": list(jobs)}, key))

    def submit_manifest(self, given: str | Iterable[Json], *, key: str | None = None) -> Json:
        """Up to 100,000 jobs, which are uploaded as JSON lines; or the id of an upload that holds
        such lines, or an `s3://` address. Wrong lines are counted in the batch, and the first are
        listed."""
        return self._run(_from_manifest(given, key))

    def batch(self, batch_id: str) -> Json:
        """The batch as it is now: counts by status, progress, the first wrong lines."""
        return self._run(_batch(batch_id))

    def batches(self) -> Iterator[Json]:
        """Your batches, newest first."""
        return self._all("/batches", "batches")

    def cancel_batch(self, batch_id: str) -> Json:
        """Cancels what has not ended of a batch."""
        return self._run(_canceled(batch_id))

    def wait_batch(self, batch_id: str, seconds: float = 86_400) -> Json:
        """The completed batch; raises TimeoutError."""
        end, pauses = time.monotonic() + seconds, _pauses()
        while _still(found := self.batch(batch_id), end):
            time.sleep(next(pauses))
        return found


class AsyncBatchCalls(AsyncRuns):
    """Part of `AsyncPoseQueue`; see `BatchCalls`."""

    def jobs(self, *, status: str | None = None, batch: str | None = None) -> AsyncIterator[Json]:
        """Your jobs, newest first: all, of a status, of a batch."""
        return self._all("/jobs", "jobs", status=status, batch=batch)

    async def submit_batch(self, jobs: Iterable[Json], *, key: str | None = None) -> Json:
        """Up to 1,000 jobs, all taken or none; `Refused.details["errors"]` has what is wrong."""
        return await self._run(_taken({"jobs": list(jobs)}, key))

    async def submit_manifest(self, given: str | Iterable[Json], *, key: str | None = None) -> Json:
        """Up to 100,000 jobs, as JSON lines, an upload of such lines or an `s3://` address."""
        return await self._run(_from_manifest(given, key))

    async def batch(self, batch_id: str) -> Json:
        """The batch as it is now: counts by status, progress, the first wrong lines."""
        return await self._run(_batch(batch_id))

    def batches(self) -> AsyncIterator[Json]:
        """Your batches, newest first."""
        return self._all("/batches", "batches")

    async def cancel_batch(self, batch_id: str) -> Json:
        """Cancels what has not ended of a batch."""
        return await self._run(_canceled(batch_id))

    async def wait_batch(self, batch_id: str, seconds: float = 86_400) -> Json:
        """The completed batch; raises TimeoutError."""
        end, pauses = time.monotonic() + seconds, _pauses()
        while _still(found := await self.batch(batch_id), end):
            await asyncio.sleep(next(pauses))
        return found
