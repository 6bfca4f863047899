"""Uploads: records in Redis, and presigned URLs to PUT the files to the object store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

import msgspec

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.errors import LimitExceeded, NotFound, StoreUnavailable
from worker.storage.objects.object_keys import upload_key
from worker.storage.objects.presigning import PART_BYTES, SINGLE_PUT_BYTES, Presigning
from worker.storage.store import DueSet, Store

RETRY_S = 3600.0
"""Seconds after which a tenant over its limit may retry, as uploads may have expired."""
_AFTER_S = 60.0
"""Seconds after the expiry of a URL from which no PUT to it can be under way."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """An upload; `partsId` is set if it is made in parts, `owner` if a page token made it.

    `urlsUntil` is the unix time at which its presigned URLs expire.
    """

    id: str
    tenant: str
    key: str
    filename: str
    contentType: str
    bytes: int
    partsId: str | None = None
    owner: str | None = None
    urlsUntil: float | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a large upload: its number, from 1, and the URL to PUT it to."""

    number: int
    url: str


class UploadStore(Store):
    """Stores uploads; `ttl_s` is the lifetime of URLs, `record_ttl_s` that of records.

    `late` are erased uploads, due when their URLs have expired.
    """

    def __init__(
        self,
        client: Client,
        objects: Presigning,
        ttl_s: int,
        record_ttl_s: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(client, clock)
        self._objects = objects
        self.late = DueSet(client, keys.UPLOADS_LATE, clock)
        self.ttl_s = ttl_s
        self._record_ttl_s = record_ttl_s

    def create(
        self,
        tenant: str,
        filename: str,
        content_type: str,
        size: int,
        owner: str | None = None,
        most: int | None = None,
    ) -> Upload:
        """Creates an upload, in parts if it is over SINGLE_PUT_BYTES.

        Raises LimitExceeded where the tenant's uploads would exceed `most` bytes in total,
        StoreUnavailable.
        """
        upload_id = "upl_" + secrets.token_hex(12)
        key = upload_key(tenant, upload_id)
        self._take_room(tenant, upload_id, size, most)
        parts_id: str | None = None
        try:
            if size > SINGLE_PUT_BYTES:
                parts_id = self._objects.start_parts(key, content_type)
        except StoreUnavailable:
            self.forget(tenant, upload_id)
            raise
        upload = Upload(
            id=upload_id,
            tenant=tenant,
            key=key,
            filename=filename,
            contentType=content_type,
            bytes=size,
            partsId=parts_id,
            owner=owner,
            urlsUntil=self._clock() + self.ttl_s,
        )
        data = msgspec.json.encode(upload)
        self._redis.set(keys.upload(upload_id), data, ex=self._record_ttl_s)
        return upload

    def get(self, upload_id: str, tenant: str, owner: str | None = None) -> Upload:
        """Returns an upload; raises NotFound for a missing one, another tenant's, or, with `owner`,
        one of another page token."""
        data = self._redis.get(keys.upload(upload_id))
        upload = msgspec.json.decode(data, type=Upload) if data else None
        hidden = upload is None or upload.tenant != tenant or owner not in (None, upload.owner)
        if upload is None or hidden:
            raise NotFound(f"no upload {upload_id}")
        return upload

    def url(self, upload: Upload) -> str:
        """Returns the URL to PUT the file to."""
        return self._objects.presign_put(upload.key, upload.contentType, upload.bytes, self.ttl_s)

    def parts(self, upload: Upload) -> list[Part]:
        """Returns the parts with URLs, each of PART_BYTES but the last; none if uploaded whole."""
        if upload.partsId is None:
            return []
        count = -(-upload.bytes // PART_BYTES)
        return [
            Part(number=n, url=self._part_url(upload, upload.partsId, n))
            for n in range(1, count + 1)
        ]

    def complete(self, upload: Upload, etags: list[tuple[int, str]]) -> None:
        """Joins the parts of a large upload; raises as `Presigning.finish_parts`."""
        if upload.partsId is not None:
            self._objects.finish_parts(upload.key, upload.partsId, etags)

    def forget(self, tenant: str, upload_id: str) -> None:
        """Deletes the record and releases the tenant's bytes."""
        self._redis.delete(keys.upload(upload_id), keys.upload_jobs(upload_id))
        self._run("objects/release_upload", [keys.tenant_stored(tenant)], [upload_id])

    def known(self, upload_ids: Sequence[str]) -> list[bool]:
        """Returns for each id whether it has a record."""
        with self._redis.pipeline(transaction=False) as pipe:
            for upload_id in upload_ids:
                pipe.exists(keys.upload(upload_id))
            return [bool(reply) for reply in pipe.execute()]

    def leave(self, upload_id: str, job_id: str, *, erase: bool) -> bool:
        """Removes a job from the readers of an upload.

        Returns whether to erase the upload now: it has no readers left, and one of them passed
        `erase`.
        """
        args = [job_id, int(erase), self._record_ttl_s]
        return bool(self._run("objects/leave_upload", [keys.upload_jobs(upload_id)], args))

    def read_by(self, upload_id: str) -> list[str]:
        """Returns the ids of jobs that read the upload."""
        names = map(text, self._redis.smembers(keys.upload_jobs(upload_id)))
        return [name for name in names if name != "erase"]

    def erase_late(self, tenant: str, upload_id: str, until: float | None) -> None:
        """Schedules another deletion of an upload's bytes for when its URLs have expired."""
        ends = self._clock() + self.ttl_s if until is None else max(until, self._clock())
        note = msgspec.json.encode((tenant, upload_id))
        self._redis.zadd(keys.UPLOADS_LATE, {note: ends + _AFTER_S}, nx=True)

    def _take_room(self, tenant: str, upload_id: str, size: int, most: int | None) -> None:
        args = [upload_id, size, -1 if most is None else most]
        room, there = self._run("objects/announce_upload", [keys.tenant_stored(tenant)], args)
        if not room:
            raise LimitExceeded(
                "quota_exceeded",
                f"The plan keeps {most} bytes of uploads, and {there} are there or announced.",
                {"limit": "storedBytes", "allowed": most, "used": there},
                RETRY_S,
            )

    def _part_url(self, upload: Upload, parts_id: str, number: int) -> str:
        size = min(PART_BYTES, upload.bytes - (number - 1) * PART_BYTES)
        return self._objects.presign_part(upload.key, parts_id, number, size, self.ttl_s)
