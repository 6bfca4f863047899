"""Plays the worker: true messages of a performance by the synthetic athlete, as fast as asked."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.synthetic.analysis import entries_of
from tests.synthetic.perform import Script, perform
from worker.contract.editions import Edition, to_plain, view
from worker.contract.errors import JobError
from worker.contract.jobs import Export, JobStatus
from worker.contract.messages import (
    Entry,
    ExportReady,
    KeypointsBatch,
    Message,
    encode,
)
from worker.contract.options import JobOptions
from worker.lifecycle.completion import complete_job
from worker.storage import keys
from worker.storage.jobs.leases import LeaseStore
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores

REPS = 3
SCRIPT = Script("squat", depths=(1.0,) * REPS, fps=15.0)
WAIT_S = 30.0


def squats(options: JobOptions) -> list[Entry]:
    """Everything that a job of these options says of three squats, but its end."""
    head, chunk = perform(SCRIPT)
    said, _ = entries_of(head, [chunk], options)
    return said


@dataclass
class Player:
    """The worker of one job; `said` are the messages as the host is to get them."""

    stores: Stores
    id: str
    left: list[Entry] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # tests look at the page for longer than a worker may be silent
        self.leases = LeaseStore(self.stores.redis, ttl_s=600)
        self.token = self.leases.claim(self.id).token
        assert self.token
        head, _ = perform(SCRIPT)
        self._commit([], media=head.media)

    def _commit(self, entries: list[Entry], **fields: Any) -> None:
        self.leases.commit(self.id, self.token, entries, fields=fields)

    def say(self, *entries: Entry) -> None:
        """Commits messages, large ones as a claim check."""
        self.said += [plain for entry in entries for plain in superset(entry.message)]
        self._commit([Entry(one.id, self._checked(one.message)) for one in entries])

    def squat(self, count: int | None = None) -> None:
        """Says the next `count` messages of the performance, or all that are left."""
        if not self.left and not self.said:
            self.left = squats(self.stores.jobs.get(self.id).options)
        now, self.left = self.left[:count], self.left[count:] if count else []
        self.say(*now)

    def export(self, data: bytes, kind: str = "video", mime: str = "video/mp4") -> None:
        """A finished export, said behind everything else."""
        job = self.stores.jobs.get(self.id)
        key = f"{job_prefix(job.tenant, job.id)}exports/{kind}"
        self.stores.objects.put(key, data, mime)
        url = self.stores.objects.presign_get(key, 3600)
        message = ExportReady(url=url, mimeType=mime, kind=kind, bytes=len(data),
                              expiresAt="2030-01-01T00:00:00Z")  # fmt: skip
        self.say(Entry(f"900-{len(job.exports) + 1}", message))
        export = Export(kind=kind, key=key, mimeType=mime, bytes=len(data))
        self._commit([], exports=(*job.exports, export))

    def finish(self, error: JobError | None = None) -> None:
        """The end of the job."""
        status = JobStatus.FAILED if error else JobStatus.SUCCEEDED
        complete_job(self.stores, self.stores.jobs.get(self.id), self.token, status, error=error)

    def _checked(self, message: Message) -> Message:
        if not isinstance(message, KeypointsBatch):
            return message
        job = self.stores.jobs.get(self.id)
        key = f"{job_prefix(job.tenant, job.id)}keypoints_batch.json"
        whole = encode(message)
        self.stores.objects.put(key, whole, "application/json")
        url = self.stores.objects.presign_get(key, 3600)
        return msgspec.structs.replace(message, frames=None, url=url, bytes=len(whole))


def superset(message: Message) -> tuple[dict[str, Any], ...]:
    """A message as hosts of the page read it."""
    seen: tuple[dict[str, Any], ...] = view(to_plain(message), Edition.SUPERSET)
    return tuple(json.loads(json.dumps(one)) for one in seen)


def jobs_of(stores: Stores, tenant: str = "acme") -> list[str]:
    """Ids of a tenant's jobs, oldest first."""
    return [row.decode() for row in stores.redis.zrange(keys.tenant_jobs(tenant), 0, -1)]


def next_job(stores: Stores, known: int = 0) -> Player:
    """The worker of the next job of the tenant, where `known` were there before."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if len(found := jobs_of(stores)) > known:
            return Player(stores, found[-1])
        time.sleep(0.02)
    raise AssertionError("no job came")
