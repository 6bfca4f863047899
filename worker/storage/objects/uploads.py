"""Uploads: a place in the object store, handed out as presigned URLs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import msgspec

from worker.storage import keys
from worker.storage.connection import Client
from worker.storage.errors import NotFound
from worker.storage.objects.s3 import PART_BYTES, SINGLE_PUT_BYTES, ObjectStore, upload_key


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One upload; `partsId` where it goes in parts, `owner` where a page token made it."""

    id: str
    tenant: str
    key: str
    filename: str
    contentType: str
    bytes: int
    partsId: str | None = None
    owner: str | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a large upload, from 1."""

    number: int
    url: str


class UploadStore:
    """Makes and finds uploads; a record outlives its URL, as a job may name it later."""

    def __init__(
        self,
        client: Client,
        objects: ObjectStore,
        ttl_s: int,
        record_ttl_s: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._redis = client
        self._objects = objects
        self.ttl_s = ttl_s
        self._record_ttl_s = record_ttl_s
        self._clock = clock

    def create(
        self, tenant: str, filename: str, content_type: str, size: int, owner: str | None = None
    ) -> Upload:
        """A new upload, in parts where it is over SINGLE_PUT_BYTES."""
        upload_id = "upl_" + secrets.token_hex(12)
        key = upload_key(tenant, upload_id)
        parts_id = self._objects.start_parts(key, content_type) if size > SINGLE_PUT_BYTES else None
        upload = Upload(
            id=upload_id,
            tenant=tenant,
            key=key,
            filename=filename,
            contentType=content_type,
            bytes=size,
            partsId=parts_id,
            owner=owner,
        )
        data = msgspec.json.encode(upload)
        self._redis.set(keys.upload(upload_id), data, ex=self._record_ttl_s)
        return upload

    def get(self, upload_id: str, tenant: str, owner: str | None = None) -> Upload:
        """The upload; raises NotFound, also where it is another tenant's, or not of the `owner`
        that asks."""
        data = self._redis.get(keys.upload(upload_id))
        upload = msgspec.json.decode(data, type=Upload) if data else None
        hidden = upload is None or upload.tenant != tenant or owner not in (None, upload.owner)
        if upload is None or hidden:
            raise NotFound(f"no upload {upload_id}")
        return upload

    def url(self, upload: Upload) -> str:
        """Where to PUT it whole."""
        return self._objects.presign_put(upload.key, upload.contentType, upload.bytes, self.ttl_s)

    def parts(self, upload: Upload) -> list[Part]:
        """Where to PUT each part of PART_BYTES; the last one is shorter."""
        if upload.partsId is None:
            return []
        count = -(-upload.bytes // PART_BYTES)
        return [
            Part(number=n, url=self._part_url(upload, upload.partsId, n))
            for n in range(1, count + 1)
        ]

    def complete(self, upload: Upload, etags: list[tuple[int, str]]) -> None:
        """Joins the parts of a large upload."""
        if upload.partsId is not None:
            self._objects.finish_parts(upload.key, upload.partsId, etags)

    def forget(self, upload_id: str) -> None:
        """Deletes the record."""
        self._redis.delete(keys.upload(upload_id))

    def _part_url(self, upload: Upload, parts_id: str, number: int) -> str:
        size = min(PART_BYTES, upload.bytes - (number - 1) * PART_BYTES)
        return self._objects.presign_part(upload.key, parts_id, number, size, self.ttl_s)
