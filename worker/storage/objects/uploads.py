"""Uploads: a place in the object store, handed out as presigned URLs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.errors import LimitExceeded, NotFound, StoreUnavailable
from worker.storage.lua_scripts import load_script
from worker.storage.objects.s3 import PART_BYTES, SINGLE_PUT_BYTES, ObjectStore, upload_key

RETRY_S = 3600.0
"""Seconds after which uploads may have gone."""
ALL_SEEN = "\x7f"
"""A cursor behind every key."""
_AFTER_S = 60.0
"""Seconds after the end of a URL at which no PUT of it is under way any more."""


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
    urlsUntil: float | None = None


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
        self._announce = client.register_script(load_script(__package__, "announce_upload"))
        self._release = client.register_script(load_script(__package__, "release_upload"))
        self._leave = client.register_script(load_script(__package__, "leave_upload"))

    def create(
        self,
        tenant: str,
        filename: str,
        content_type: str,
        size: int,
        owner: str | None = None,
        most: int | None = None,
    ) -> Upload:
        """A new upload, in parts where it is over SINGLE_PUT_BYTES; raises LimitExceeded where the
        tenant's uploads would have more than `most` bytes together."""
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

    def forget(self, tenant: str, upload_id: str) -> None:
        """Deletes the record, and counts its bytes no longer."""
        self._redis.delete(keys.upload(upload_id), keys.upload_jobs(upload_id))
        self._release(keys=[keys.tenant_stored(tenant)], args=[upload_id])

    def known(self, upload_ids: Sequence[str]) -> list[bool]:
        """Which of them have a record."""
        with self._redis.pipeline(transaction=False) as pipe:
            for upload_id in upload_ids:
                pipe.exists(keys.upload(upload_id))
            return [bool(reply) for reply in pipe.execute()]

    def leave(self, upload_id: str, job_id: str, *, erase: bool) -> bool:
        """The job does not read the upload any more, and wants it erased or does not care; returns
        whether it is to be erased now: a job wanted that, and nobody reads it."""
        args = [job_id, int(erase), self._record_ttl_s]
        return bool(self._leave(keys=[keys.upload_jobs(upload_id)], args=args))

    def read_by(self, upload_id: str) -> list[str]:
        """Jobs that read the upload."""
        names = map(text, self._redis.smembers(keys.upload_jobs(upload_id)))
        return [name for name in names if name != "erase"]

    def erase_late(self, tenant: str, upload_id: str, until: float | None) -> None:
        """The upload's bytes are to be deleted once more when no URL of it works any more."""
        ends = self._clock() + self.ttl_s if until is None else max(until, self._clock())
        note = msgspec.json.encode((tenant, upload_id))
        self._redis.zadd(keys.UPLOADS_LATE, {note: ends + _AFTER_S}, nx=True)

    def late(self) -> Iterator[tuple[str, str]]:
        """Tenants and ids of uploads to delete now; each is gone from the list once it is back."""
        for note in self._redis.zrangebyscore(keys.UPLOADS_LATE, "-inf", self._clock(), 0, 50):
            yield msgspec.json.decode(note, type=tuple[str, str])
            self._redis.zrem(keys.UPLOADS_LATE, note)

    def count_due(self) -> int:
        """How many erased uploads are to be deleted once more now, and one more where it is time to
        look for uploads that nobody knows."""
        late = int(self._redis.zcount(keys.UPLOADS_LATE, "-inf", self._clock()))
        return late + self.search_due()

    def search_due(self) -> bool:
        """Whether nobody looked for uploads without a record for a while."""
        return not (
            self._redis.exists(keys.UPLOADS_SEARCHED)
            or self._redis.get(keys.UPLOADS_CURSOR) == ALL_SEEN.encode()
        )

    def _take_room(self, tenant: str, upload_id: str, size: int, most: int | None) -> None:
        args = [upload_id, size, -1 if most is None else most]
        room, there = self._announce(keys=[keys.tenant_stored(tenant)], args=args)
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
