"""JSON views of jobs for the API and webhooks, with freshly signed URLs."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from worker.contract.jobs import Export, Job
from worker.contract.media import MediaInfo
from worker.storage.clock import iso
from worker.storage.objects.object_keys import job_prefix, key_in_url
from worker.storage.objects.s3 import ObjectStore

View = dict[str, Any]
WITH_URL = frozenset({"export_ready", "keypoints_batch", "image_overlay"})
"""Types of messages that may contain a presigned URL."""


def expiry(ttl_s: int) -> str:
    """Returns the time (ISO 8601) at which a URL signed now for `ttl_s` seconds expires."""
    return iso(time.time() + ttl_s)


def refresh_presigned_url(objects: ObjectStore, job: Job, plain: View, ttl_s: int) -> None:
    """Replaces the URL of a message by a new one, in place, if it is of the job's own files."""
    url = plain.get("url")
    key = key_in_url(url, job_prefix(job.tenant, job.id)) if isinstance(url, str) else None
    if key is None:
        return
    plain["url"] = objects.presign_get(key, ttl_s)
    if "expiresAt" in plain:
        plain["expiresAt"] = expiry(ttl_s)


def record_view(objects: ObjectStore, job: Job, ttl_s: int) -> View:
    """Converts a job to its view, with None for empty fields; URLs are signed for `ttl_s` seconds.

    The position in the queue is added by the API.
    """
    here = f"/v1/jobs/{job.id}"
    return {
        "id": job.id,
        "status": job.status.value,
        "progress": job.progress,
        "exportProgress": None if job.status.final else job.exportProgress,
        "attempt": job.attempt,
        "source": job.source,
        "options": _options(job),
        "metadata": job.metadata,
        "batchId": job.batchId,
        "createdAt": job.createdAt,
        "startedAt": job.startedAt,
        "finishedAt": job.finishedAt,
        "deadlineAt": job.deadlineAt,
        "media": _media(job.media) if job.media else None,
        "result": _result(job),
        "exports": [_export(objects, export, ttl_s) for export in job.exports],
        "error": job.error,
        "warnings": list(job.warnings),
        "usage": msgspec.structs.asdict(job.usage),
        "links": {"self": here, "messages": f"{here}/messages", "cancel": f"{here}/cancel"},
    }


def _export(objects: ObjectStore, export: Export, ttl_s: int) -> View:
    return {
        "kind": export.kind,
        "url": objects.presign_get(export.key, ttl_s),
        "mimeType": export.mimeType,
        "bytes": export.bytes,
        "expiresAt": expiry(ttl_s),
        **({"audio": False, "audioLoss": export.audioLoss} if export.audioLoss else {}),
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
    """Returns all options including defaults, without None, so that clients need not know them."""
    options = msgspec.structs.asdict(job.options)
    return {name: value for name, value in options.items() if value is not None}


def _result(job: Job) -> View | None:
    if job.result is None:
        return None
    result = msgspec.structs.asdict(job.result)
    if result["seconds"] is None:
        del result["seconds"]
    return result
