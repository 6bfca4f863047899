"""Renders the body of a delivery when it is sent, from the job's record or its messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec

from worker.contract.jobs import Job, JobStatus, Usage
from worker.contract.messages import entry_key
from worker.contract.webhooks import MAX_BODY_BYTES, DeliveryItem
from worker.lifecycle.archive import scan_messages
from worker.storage.errors import NotFound
from worker.storage.jobs.streams import Row, Span
from worker.storage.jobs.view import WITH_URL, record_view, refresh_presigned_url
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores

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


def render(stores: Stores, item: DeliveryItem, tenant: str) -> bytes:
    """Returns the body of a single delivery; raises as `PayloadRenderer.body`."""
    return PayloadRenderer(stores, tenant, [item]).body(item)


class PayloadRenderer:
    """Renders deliveries about one job or batch; record and messages are read once, on demand."""

    def __init__(self, stores: Stores, tenant: str, items: Sequence[DeliveryItem]) -> None:
        self._stores = stores
        self._tenant = tenant
        self._items = [item for item in items if item.last and item.data is None]
        self._subject = items[0].subject if items else ""

    def body(self, item: DeliveryItem) -> bytes:
        """Returns `{type, timestamp, data}` as JSON, equal on each attempt but for signed URLs.

        From MAX_BODY_BYTES on, `data` is stored beside the job's files and replaced by a presigned
        URL. Raises NotFound where the job is erased or its messages are gone, StoreUnavailable
        where the object store does not answer.
        """
        stores = self._stores
        data = item.data if item.data is not None else self._data(item)
        body = _body(item, data)
        if len(body) < MAX_BODY_BYTES:
            return body
        whole = msgspec.json.encode(data)
        own = item.data is not None
        folder = f"webhooks/{self._tenant}/" if own else job_prefix(self._tenant, item.subject)
        key = f"{folder}webhooks/{item.id}.json"
        stores.objects.put(key, whole, "application/json")
        url = stores.objects.presign_get(key, stores.settings.stream_url_ttl_s)
        check: Plain = {"jobId": item.subject, "url": url, "bytes": len(whole)}
        return _body(item, check | ({"id": item.last} if item.last else {}))

    def _data(self, item: DeliveryItem) -> Plain:
        if not item.last:
            return _record(self._stores, as_of(self._job, item.type))
        kind = item.type.removeprefix("message.")
        found = self._rows.get((item.first, item.last), ())
        messages = [self._message(row) for row in found if row[1] == kind]
        if not messages:
            raise NotFound(f"no message {item.last} of {item.subject}")
        told: Plain = {"messages": messages} if item.grouped else messages[0]
        return {"jobId": self._job.id, **told, "metadata": self._job.metadata}

    def _message(self, row: Row) -> Plain:
        entry_id, kind, data = row
        plain: Plain = msgspec.json.decode(data)
        if kind in WITH_URL:
            ttl_s = self._stores.settings.stream_url_ttl_s
            refresh_presigned_url(self._stores.objects, self._job, plain, ttl_s)
        return {"id": entry_id, "message": plain}

    @cached_property
    def _job(self) -> Job:
        return self._stores.jobs.get(self._subject)

    @cached_property
    def _rows(self) -> dict[Span, list[Row]]:
        """Rows by span of entry ids, from the stream in Redis or from the archive."""
        spans = list(dict.fromkeys((item.first, item.last) for item in self._items))
        found = self._stores.streams.between(self._subject, spans)
        if not any(found):
            found = _archived(self._stores, self._job, spans)
        return dict(zip(spans, found, strict=True))


def _archived(stores: Stores, job: Job, spans: Sequence[Span]) -> list[list[Row]]:
    """Returns the rows of each span, in one pass over the archive."""
    ends = [(entry_key(first), entry_key(last)) for first, last in spans]
    found: list[list[Row]] = [[] for _ in spans]
    final = max(last for _, last in ends)
    for row in scan_messages(stores, job.tenant, job.id):
        place = entry_key(row[0])
        if place > final:
            break
        for (first, last), rows in zip(ends, found, strict=True):
            if first <= place <= last:
                rows.append(row)
    return found


def _body(item: DeliveryItem, data: Plain) -> bytes:
    return msgspec.json.encode({"type": item.type, "timestamp": item.at, "data": data})


def as_of(job: Job, event: str) -> Job:
    """Returns the record as it was at the event, however late that is delivered."""
    if event == "job.queued":
        queued: dict[str, Any] = {"status": JobStatus.QUEUED, "startedAt": None, "attempt": 0}
        return msgspec.structs.replace(job, **_BEGUN, **queued)
    if event == "job.started":
        return msgspec.structs.replace(job, **_BEGUN, status=JobStatus.RUNNING, attempt=1)
    return job


def _record(stores: Stores, job: Job) -> Plain:
    view = record_view(stores.objects, job, stores.settings.stream_url_ttl_s)
    return {name: value for name, value in view.items() if value is not None}
