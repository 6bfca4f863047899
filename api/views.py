"""A job record as clients read it; URLs are signed at the read, so none arrives expired."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from worker.contract.jobs import Export, Job, JobStatus
from worker.contract.media import MediaInfo
from worker.store.bundle import Stores
from worker.store.jobs import iso

View = dict[str, Any]


def expiry(ttl_s: int) -> str:
    """When a URL that is signed now for `ttl_s` seconds stops working."""
    return iso(time.time() + ttl_s)


def _export(stores: Stores, export: Export) -> View:
    ttl_s = stores.settings.read_url_ttl_s
    return {
        "kind": export.kind,
        "url": stores.objects.presign_get(export.key, ttl_s),
        "mimeType": export.mimeType,
        "bytes": export.bytes,
        "expiresAt": expiry(ttl_s),
    }


def _media(media: MediaInfo) -> View:
    return {
        "durationMs": media.duration_ms,
        "width": media.width,
        "height": media.height,
        "fps": media.fps,
        "frames": media.frames,
        "codec": media.codec,
        "rotation": media.rotation,
    }


def _options(job: Job) -> View:
    """Every option that is set, defaults too, so that a reader need not know them."""
    options = msgspec.structs.asdict(job.options)
    return {name: value for name, value in options.items() if value is not None}


def _result(job: Job) -> View | None:
    if job.result is None:
        return None
    result = msgspec.structs.asdict(job.result)
    if result["seconds"] is None:
        del result["seconds"]
    return result


def job_view(stores: Stores, job: Job) -> View:
    """A job; fields that hold nothing yet are left out."""
    here = f"/v1/jobs/{job.id}"
    queued = job.status is JobStatus.QUEUED
    seen: View = {
        "id": job.id,
        "status": job.status.value,
        "progress": job.progress,
        "attempt": job.attempt,
        "queuePosition": stores.jobs.queue_position(job.id) if queued else None,
        "source": job.source,
        "options": _options(job),
        "metadata": job.metadata,
        "createdAt": job.createdAt,
        "startedAt": job.startedAt,
        "finishedAt": job.finishedAt,
        "deadlineAt": job.deadlineAt,
        "media": _media(job.media) if job.media else None,
        "result": _result(job),
        "exports": [_export(stores, export) for export in job.exports],
        "error": job.error,
        "usage": msgspec.structs.asdict(job.usage),
        "links": {"self": here, "messages": f"{here}/messages", "cancel": f"{here}/cancel"},
    }
    return {name: value for name, value in seen.items() if value is not None}
