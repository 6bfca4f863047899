"""A delivery's body, made when it is sent: from the job's record, or from its messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from worker.contract.jobs import Job, JobStatus, Usage
from worker.contract.messages import entry_key
from worker.contract.webhooks import MAX_BODY_BYTES, Item
from worker.store.archive import scan_messages
from worker.store.bundle import Stores
from worker.store.errors import NotFound
from worker.store.objects import job_prefix
from worker.store.views import WITH_URL, record_view, sign_again

Plain = dict[str, Any]
_BEGUN: dict[str, Any] = {
    "finishedAt": None,
    "progress": 0.0,
    "media": None,
    "result": None,
    "exports": (),
    "error": None,
    "usage": Usage(),
}


def render(stores: Stores, item: Item, tenant: str) -> bytes:
    """`{type, timestamp, data}`, always the same but for the URLs, which are signed now.

    From MAX_BODY_BYTES on `data` is put beside the job's files and a presigned URL stands for it.
    Raises NotFound where the job is erased or its messages are gone.
    """
    data = item.data if item.data is not None else _data(stores, item)
    body = _body(item, data)
    if len(body) < MAX_BODY_BYTES:
        return body
    whole = msgspec.json.encode(data)
    folder = f"webhooks/{tenant}/" if item.data is not None else job_prefix(tenant, item.subject)
    key = f"{folder}webhooks/{item.id}.json"
    stores.objects.put(key, whole, "application/json")
    url = stores.objects.presign_get(key, stores.settings.stream_url_ttl_s)
    check: Plain = {"jobId": item.subject, "url": url, "bytes": len(whole)}
    return _body(item, check | ({"id": item.last} if item.last else {}))


def _body(item: Item, data: Plain) -> bytes:
    return msgspec.json.encode({"type": item.type, "timestamp": item.at, "data": data})


def _data(stores: Stores, item: Item) -> Plain:
    job = stores.jobs.get(item.subject)
    if not item.last:
        return _record(stores, as_of(job, item.type))
    messages = list(_messages(stores, job, item))
    if not messages:
        raise NotFound(f"no message {item.last} of {item.subject}")
    if item.grouped:
        return {"jobId": job.id, "messages": messages, "metadata": job.metadata}
    return {"jobId": job.id, **messages[0], "metadata": job.metadata}


def as_of(job: Job, event: str) -> Job:
    """The record as it was at the event, however late that is told."""
    if event == "job.queued":
        queued: dict[str, Any] = {"status": JobStatus.QUEUED, "startedAt": None, "attempt": 0}
        return msgspec.structs.replace(job, **_BEGUN, **queued)
    if event == "job.started":
        return msgspec.structs.replace(job, **_BEGUN, status=JobStatus.RUNNING, attempt=1)
    return job


def _record(stores: Stores, job: Job) -> Plain:
    view = record_view(stores.objects, job, stores.settings.stream_url_ttl_s)
    return {name: value for name, value in view.items() if value is not None}


def _messages(stores: Stores, job: Job, item: Item) -> Iterator[Plain]:
    """The item's messages, from the hot stream or the archive."""
    first, last = entry_key(item.first), entry_key(item.last)
    kind = item.type.removeprefix("message.")
    before = f"{first[0]}-{first[1] - 1}" if first[1] else f"{first[0] - 1}-{2**63}"
    for entry_id, found, data in scan_messages(stores, job.tenant, job.id, before):
        if entry_key(entry_id) > last:
            return
        if found != kind:
            continue
        plain: Plain = msgspec.json.decode(data)
        if kind in WITH_URL:
            sign_again(stores.objects, job, plain, stores.settings.stream_url_ttl_s)
        yield {"id": entry_id, "message": plain}
        if entry_key(entry_id) == last:
            return
