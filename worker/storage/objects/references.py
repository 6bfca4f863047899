"""Reference movements: records in Redis, poses in S3.

A reference's status follows from the job that makes it, so that the job's fenced commit makes it
ready or failed; when that job is erased, the outcome is stored here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from worker.contract.jobs import Job, JobStatus
from worker.contract.references import Reference, ReferenceStatus, decode_record
from worker.storage import keys
from worker.storage.connection import Client
from worker.storage.errors import NotFound
from worker.storage.objects.object_keys import reference_key
from worker.storage.objects.s3 import ObjectStore
from worker.storage.store import After, Store

_LOST = {"code": "internal", "message": "The clip was lost before it was looked at."}


class ReferenceStore(Store):
    """Stores references; raises NotFound for a missing one and for another tenant's."""

    def __init__(
        self, client: Client, objects: ObjectStore, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(client, clock)
        self._objects = objects

    def create(self, reference: Reference) -> None:
        """Stores a new reference and lists it under its tenant."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(keys.reference(reference.id), "record", msgspec.json.encode(reference))
            pipe.zadd(keys.tenant_references(reference.tenant), {reference.id: self._clock()})
            pipe.execute()

    def get(self, reference_id: str, tenant: str) -> Reference:
        """Returns the current state of a reference."""
        fields = self._redis.hgetall(keys.reference(reference_id))
        reference = decode_record(fields[b"record"]) if b"record" in fields else None
        if reference is None or reference.tenant != tenant:
            raise NotFound(f"no reference {reference_id}")
        if b"status" not in fields:
            status, error = self._redis.hmget(keys.job(reference.job), "status", "error")
            if status is None:  # erased in between, or never queued
                fields = self._redis.hgetall(keys.reference(reference_id))
            else:
                fields.update(_outcome(JobStatus(msgspec.json.decode(status)), error))
        return _with(reference, fields)

    def page(
        self, tenant: str, after: After | None, limit: int
    ) -> Sequence[tuple[float, Reference]]:
        """Returns up to `limit` references of a tenant with their times, newest first.

        `after` is the time and id of the last one of the page before.
        """
        name = keys.tenant_references(tenant)
        return self._page(name, after, limit, lambda one: self.get(one, tenant))

    def keep(self, reference: Reference, poses: bytes, duration_ms: float) -> None:
        """Stores the poses of a reference and the duration of its rep; idempotent.

        Raises NotFound, and leaves nothing stored, where the reference was erased meanwhile.
        """
        key, name = reference_key(reference.tenant, reference.id), keys.reference(reference.id)
        self._objects.put(key, poses, "application/octet-stream")
        self._if_exists(name, "record", "HSET", "durationMs", msgspec.json.encode(duration_ms))
        if not self._redis.hexists(name, "record"):
            self._objects.delete(key)
            raise NotFound(f"no reference {reference.id}")

    def poses(self, reference_id: str, tenant: str) -> bytes:
        """Returns the encoded poses of a reference; raises NotFound unless it is ready."""
        if self.get(reference_id, tenant).status is not ReferenceStatus.READY:
            raise NotFound(f"no reference {reference_id}")
        return self._objects.get(reference_key(tenant, reference_id))

    def settle(self, job: Job) -> None:
        """Stores the outcome of the ended job that made a reference."""
        error = msgspec.json.encode(job.error) if job.error else None
        pairs = [part for pair in _outcome(job.status, error).items() for part in pair]
        self._if_exists(keys.reference(str(job.input.referenceId)), "record", "HSET", *pairs)

    def erase(self, reference: Reference) -> None:
        """Deletes record and poses; the caller erases the job that makes the reference."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(keys.reference(reference.id))
            pipe.zrem(keys.tenant_references(reference.tenant), reference.id)
            pipe.execute()
        self._objects.delete(reference_key(reference.tenant, reference.id))


def _outcome(status: JobStatus, error: bytes | None) -> dict[bytes, bytes]:
    """Returns a reference's fields for the status of its job; `error` is JSON."""
    if not status.final:
        said = ReferenceStatus.PROCESSING
    elif status is JobStatus.SUCCEEDED:
        said = ReferenceStatus.READY
    else:
        said = ReferenceStatus.FAILED
    fields = {b"status": said.value.encode()}
    return fields | ({b"error": error} if error and said is ReferenceStatus.FAILED else {})


def _with(reference: Reference, fields: dict[bytes, bytes]) -> Reference:
    """Returns the record with status, duration and error from the stored fields."""
    status = fields.get(b"status")
    if status is None:
        return msgspec.structs.replace(reference, status=ReferenceStatus.FAILED, error=_LOST)
    known: dict[str, Any] = {"status": ReferenceStatus(status.decode())}
    if known["status"] is ReferenceStatus.READY and b"durationMs" in fields:
        known["durationMs"] = msgspec.json.decode(fields[b"durationMs"])
    if b"error" in fields:
        known["error"] = msgspec.json.decode(fields[b"error"])
    return msgspec.structs.replace(reference, **known)
