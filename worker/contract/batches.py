"""Batches: many jobs that are taken together, and told of together when the last one ends."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from worker.contract.plans import Plan
from worker.contract.scopes import ALL_SCOPES, Scope

MAX_JOBS = 1000
"""Jobs in one request."""
MAX_LINES = 100_000
"""Jobs in a manifest."""
MAX_LINE_BYTES = 64 * 1024
MAX_MANIFEST_BYTES = 256 * 1024 * 1024
SHOWN_ERRORS = 100
"""Wrong lines that are told one by one; the rest is counted."""


class BatchStatus(StrEnum):
    """How far a batch is: its jobs are being made, they run, the last one has ended."""

    EXPANDING = "expanding"
    RUNNING = "running"
    COMPLETED = "completed"


class BatchError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with one job: `index` in the request, or `line` of the manifest (from 1)."""

    code: str
    detail: str
    index: int | None = None
    line: int | None = None
    parameter: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """JSON lines in the object store, one job a line; `bucket` where it is not our own."""

    key: str
    bytes: int
    bucket: str | None = None
    uploadId: str | None = None


class BatchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a batch from its beginning; `scopes` are those of the key that made it."""

    id: str
    tenant: str
    plan: Plan
    createdAt: str
    manifest: Manifest | None = None
    scopes: tuple[Scope, ...] = ALL_SCOPES


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it is now; `counts` by job status, `lines` and `read` bytes of its manifest."""

    record: BatchRecord
    counts: dict[str, int]
    accepted: int = 0
    rejected: int = 0
    lines: int = 0
    read: int = 0
    expanded: bool = False
    canceled: bool = False
    announced: bool = False
    completedAt: str | None = None
    errors: tuple[BatchError, ...] = ()

    @property
    def status(self) -> BatchStatus:
        """Where it stands."""
        if self.completedAt is not None:
            return BatchStatus.COMPLETED
        return BatchStatus.RUNNING if self.expanded else BatchStatus.EXPANDING

    @property
    def progress(self) -> float:
        """The share of its jobs that have ended, 0 to 1; of a manifest, of what is read so far."""
        over = sum(self.counts.get(name, 0) for name in ("succeeded", "failed", "canceled"))
        made = over / self.accepted if self.accepted else float(self.expanded)
        manifest = self.record.manifest
        share = self.read / manifest.bytes if manifest and not self.expanded else 1.0
        return round(made * min(share, 1.0), 4)
