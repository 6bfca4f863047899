"""What clients of the API do at the object store themselves: presigned URLs (SigV4, for the public
endpoint), and uploads in parts."""

from __future__ import annotations

import contextlib
from typing import Any

from worker.storage.errors import Conflict, NotFound, StoreUnavailable
from worker.storage.objects.s3_client import S3Calls, http_status, made_once

PART_BYTES = 16 * 1024 * 1024
SINGLE_PUT_BYTES = 64 * 1024 * 1024
"""Size in bytes above which an upload is made in parts and can be resumed."""


class Presigning(S3Calls):
    """Presigned URLs of one bucket, and multipart uploads; raises as `ObjectStore`."""

    @made_once
    def public_url(self) -> str:
        """URL of an object as clients reach it, for its origin alone; it soon expires."""
        return self.presign_get("origin", 1)

    def presign_get(self, key: str, ttl_s: int, filename: str | None = None) -> str:
        """Returns a URL from which the object can be downloaded for `ttl_s` seconds."""
        named = {"ResponseContentDisposition": f'attachment; filename="{filename}"'}
        return self._presign("get_object", key, ttl_s, **(named if filename else {}))

    def presign_put(self, key: str, content_type: str, size: int, ttl_s: int) -> str:
        """Returns a URL to PUT exactly `size` bytes of `content_type`, for `ttl_s` seconds."""
        given = {"ContentType": content_type, "ContentLength": size}
        return self._presign("put_object", key, ttl_s, **given)

    def _presign(self, call: str, key: str, ttl_s: int, **given: Any) -> str:
        params = {"Bucket": self.bucket, "Key": key, **given}
        url: str = self._public.generate_presigned_url(call, params, ExpiresIn=ttl_s)
        return url

    def start_parts(self, key: str, content_type: str) -> str:
        """Starts a multipart upload; returns its id."""
        reply = self._call("create_multipart_upload", Key=key, ContentType=content_type)
        return str(reply["UploadId"])

    def presign_part(self, key: str, parts_id: str, number: int, size: int, ttl_s: int) -> str:
        """Returns a URL to PUT part `number` (from 1) of `size` bytes, for `ttl_s` seconds."""
        given = {"UploadId": parts_id, "PartNumber": number, "ContentLength": size}
        return self._presign("upload_part", key, ttl_s, **given)

    def abort_parts(self, prefix: str, until: float | None = None) -> int:
        """Aborts multipart uploads of keys that start with `prefix` and deletes their parts.

        With `until`, only those started before that unix time. Returns their number.
        """
        page = self._call("list_multipart_uploads", Prefix=prefix)
        count = 0
        for one in page.get("Uploads", ()):
            begun = one.get("Initiated")
            if until is not None and begun is not None and begun.timestamp() >= until:
                continue
            with contextlib.suppress(NotFound):
                self._call("abort_multipart_upload", Key=one["Key"], UploadId=one["UploadId"])
            count += 1
        return count

    def finish_parts(self, key: str, parts_id: str, etags: list[tuple[int, str]]) -> None:
        """Completes a multipart upload; `etags` are pairs of part number and ETag.

        Raises Conflict where they do not match the stored parts, NotFound if already completed.
        """
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags)]
        given = {"Key": key, "UploadId": parts_id, "MultipartUpload": {"Parts": parts}}
        try:
            self._call("complete_multipart_upload", **given)
        except StoreUnavailable as error:
            if 400 <= (http_status(error.__cause__) or 500) < 500:
                raise Conflict(f"the parts cannot be joined: {error}") from error
            raise
