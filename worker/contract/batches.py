"""Batches: many jobs that are created together, with one notice when the last one has ended."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from worker.contract.plans import Plan
from worker.contract.scopes import ALL_SCOPES, Scope

MAX_JOBS = 1000
"""Most jobs in one request."""
MAX_LINES = 100_000
"""Most jobs in a manifest."""
MAX_LINE_BYTES = 64 * 1024
MAX_MANIFEST_BYTES = 256 * 1024 * 1024
SHOWN_ERRORS = 100
"""Wrong lines that are reported one by one; further ones are only counted."""


class BatchStatus(StrEnum):
    """State of a batch: its jobs are being created, they run, the last one has ended."""

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
    """A file of JSON lines in the object store, one job a line; `bucket` if not the system's
    own."""

    key: str
    bytes: int
    bucket: str | None = None
    uploadId: str | None = None


class BatchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch was created with; `scopes` are those of the key that created it."""

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
        """The state that `expanded` and `completedAt` say."""
        if self.completedAt is not None:
            return BatchStatus.COMPLETED
        return BatchStatus.RUNNING if self.expanded else BatchStatus.EXPANDING

    @property
    def progress(self) -> float:
        """Share of its jobs that have ended, 0-1; of a manifest, of the part read so far."""
        over = sum(self.counts.get(name, 0) for name in ("succeeded", "failed", "canceled"))
        made = over / self.accepted if self.accepted else float(self.expanded)
        manifest = self.record.manifest
        share = self.read / manifest.bytes if manifest and not self.expanded else 1.0
        return round(made * min(share, 1.0), 4)
