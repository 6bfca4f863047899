"""An object store on S3. Presigned URLs are signed with SigV4 for the public endpoint."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError
from s3transfer.subscribers import BaseSubscriber

from worker.settings import Settings
from worker.storage.errors import Conflict, NotFound, StoreUnavailable
from worker.storage.objects.head_requests import HeadRequests, strong_tag
from worker.storage.objects.s3_client import made_once, measured, open_client

PART_BYTES = 16 * 1024 * 1024
_TRANSFER_BYTES = 16 * 1024 * 1024
SINGLE_PUT_BYTES = 64 * 1024 * 1024
"""Size in bytes above which an upload is made in parts and can be resumed."""
_QUICK_S, _DATA_S = 5.0, 60.0
"""Seconds that S3 may take to answer calls without data, and with."""
_FAILED = (ClientError, BotoCoreError, Boto3Error, RetriesExceededError, S3DownloadFailedError)
"""Errors of a transfer: the transfer manager wraps some in its own."""


def _status(error: BaseException | None) -> int | None:
    if not isinstance(error, ClientError):
        return None
    status: int | None = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def _whole(body: Any, key: str) -> bytes:
    """Reads the body of an answer; raises StoreUnavailable."""
    try:
        data: bytes = body.read()
    except BotoCoreError as error:
        raise StoreUnavailable(f"S3 download of {key}: {error}") from error
    return data


def _blocks(body: Any, key: str) -> Iterator[bytes]:
    """Yields the body of an answer; raises StoreUnavailable."""
    try:
        yield from body.iter_chunks(1 << 16)
    except BotoCoreError as error:
        raise StoreUnavailable(f"S3 download of {key}: {error}") from error


_SLOW = frozenset({"get_object", "put_object", "complete_multipart_upload"})
"""Calls that transfer data, or join it, and may take longer."""


def _in(bucket: str | None) -> dict[str, str]:
    return {} if bucket is None else {"Bucket": bucket}


class _KnownVersion(BaseSubscriber):  # type: ignore[misc]
    """Tells a transfer the object's size and entity tag, so that all of its ranges are of it."""

    def __init__(self, size: int, tag: str) -> None:
        self._size = size
        self._tag = tag

    def on_queued(self, future: Any, **_: Any) -> None:
        """Called by the transfer manager before the first request."""
        future.meta.provide_transfer_size(self._size)
        future.meta.provide_object_etag(self._tag)


class ObjectStore:
    """One bucket of S3.

    Methods raise NotFound for a missing object and StoreUnavailable if the server does not answer
    or refuses.
    """

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.s3_bucket
        self._settings = settings

    # made at their first use: they cost 80 ms, and many a process asks Redis alone
    @made_once
    def _client(self) -> Any:
        return measured(open_client(self._settings, self._settings.s3_endpoint, _DATA_S, 4))

    @made_once
    def _quick(self) -> Any:
        return measured(open_client(self._settings, self._settings.s3_endpoint, _QUICK_S, 2))

    @made_once
    def _heads(self) -> HeadRequests:
        return HeadRequests(self._settings, self._quick, _QUICK_S)

    @made_once
    def _public(self) -> Any:
        public = self._settings.s3_public_endpoint or self._settings.s3_endpoint
        return open_client(self._settings, public, _DATA_S, 1)

    def _call(self, name: str, **arguments: Any) -> Any:
        client = self._client if name in _SLOW else self._quick
        try:
            return getattr(client, name)(**{"Bucket": self.bucket, **arguments})
        except ClientError as error:
            status, key = _status(error), str(arguments.get("Key", self.bucket))
            if status == 404:
                raise NotFound(key) from error
            if status == 412:
                raise Conflict(f"{key} was replaced") from error
            raise StoreUnavailable(f"S3 {name}: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"S3 {name}: {error}") from error

    def check(self) -> None:
        """Returns if S3 answers and the bucket exists; raises otherwise."""
        self._call("head_bucket")

    def ensure_bucket(self) -> None:
        """Creates the bucket if it is missing."""
        try:
            self._call("head_bucket")
        except NotFound:
            self._call("create_bucket")

    def allow_browsers(self, origins: list[str]) -> None:
        """Lets pages of `origins` put and get with presigned URLs (CORS)."""
        rule = {
            "AllowedMethods": ["GET", "PUT", "HEAD"],
            "AllowedOrigins": origins,
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag", "Content-Range"],
            "MaxAgeSeconds": 3600,
        }
        self._call("put_bucket_cors", CORSConfiguration={"CORSRules": [rule]})

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Stores a small object."""
        self._call("put_object", Key=key, Body=data, ContentType=content_type)

    def put_file(self, key: str, path: Path, content_type: str) -> int:
        """Stores a file, in parts if it is large; returns its size in bytes."""
        with path.open("rb") as file:
            self.put_open(key, file, content_type)
        return path.stat().st_size

    def put_open(self, key: str, file: IO[bytes], content_type: str) -> None:
        """Stores the rest of an open file, in parts if it is large."""
        try:
            extra = {"ContentType": content_type}
            self._client.upload_fileobj(file, self.bucket, key, ExtraArgs=extra)
        except _FAILED as error:
            raise StoreUnavailable(f"S3 upload of {key}: {error}") from error

    def get(self, key: str) -> bytes:
        """Returns the content of a small object."""
        return _whole(self._call("get_object", Key=key)["Body"], key)

    def lines(self, key: str) -> Iterator[bytes]:
        """Yields the lines of an object without loading all of it."""
        body = self._call("get_object", Key=key)["Body"]
        try:
            yield from body.iter_lines(chunk_size=1 << 16)
        except BotoCoreError as error:
            raise StoreUnavailable(f"S3 download of {key}: {error}") from error

    def stream(self, key: str, start: int = 0, bucket: str | None = None) -> Iterator[bytes]:
        """Yields an object in blocks, from byte `start` on."""
        more = {"Range": f"bytes={start}-"} if start else {}
        yield from _blocks(self._call("get_object", Key=key, **more, **_in(bucket))["Body"], key)

    def head(self, key: str, bucket: str | None = None) -> tuple[int, str]:
        """Returns size in bytes and content type of an object.

        Raises NotFound, in another bucket also where access is denied, as S3 does not tell which.
        """
        try:
            found = self._call("head_object", Key=key, **_in(bucket))
        except StoreUnavailable as error:
            if bucket is not None and _status(error.__cause__) in (400, 401, 403):
                raise NotFound(f"{bucket}/{key}") from error
            raise
        return int(found["ContentLength"]), str(found.get("ContentType", ""))

    def download(self, key: str, path: Path, tag: str | None = None) -> None:
        """Downloads an object to a file; raises Conflict where its entity tag is not `tag`."""
        reply = self._call("get_object", Key=key, **({} if tag is None else {"IfMatch": tag}))
        with closing(reply["Body"]) as body:
            if reply["ContentLength"] <= _TRANSFER_BYTES:
                # one plain GET: the transfer manager's threads take 20 ms to start
                path.write_bytes(_whole(body, key))
                return
            found = strong_tag(reply.get("ETag"))
            if found is None:  # ranges could be of two versions
                with path.open("wb") as file:
                    file.writelines(_blocks(body, key))
                return
        version = _KnownVersion(reply["ContentLength"], found)
        try:
            with (
                path.open("wb") as file,
                create_transfer_manager(self._client, TransferConfig()) as manager,
            ):
                manager.download(self.bucket, key, file, subscribers=[version]).result()
        except _FAILED as error:
            raise StoreUnavailable(f"S3 download of {key}: {error}") from error

    def version(self, key: str) -> tuple[int, str | None]:
        """Returns size in bytes and entity tag of an object, None where `If-Match` takes none."""
        found: tuple[int, str | None] | None = self._heads.version(key)
        if found is None:
            reply = self._call("head_object", Key=key)
            found = int(reply["ContentLength"]), strong_tag(reply.get("ETag"))
        return found

    def list_keys(self, prefix: str) -> Iterator[str]:
        """Yields the keys that start with `prefix`."""
        more: dict[str, Any] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=prefix, **more)
            yield from (item["Key"] for item in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, key: str) -> None:
        """Deletes an object; does nothing if it is missing."""
        self._call("delete_object", Key=key)

    def delete_prefix(self, prefix: str) -> int:
        """Deletes all objects whose keys start with `prefix`; returns their number."""
        found = list(self.list_keys(prefix))
        for key in found:
            self.delete(key)
        return len(found)

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

    def page_below(self, prefix: str, after: str, most: int) -> list[tuple[str, float]]:
        """Returns up to `most` keys that start with `prefix` and follow `after`, each with the unix
        time of its last change."""
        page = self._call("list_objects_v2", Prefix=prefix, StartAfter=after, MaxKeys=most)
        return [
            (item["Key"], item["LastModified"].timestamp()) for item in page.get("Contents", ())
        ]

    def finish_parts(self, key: str, parts_id: str, etags: list[tuple[int, str]]) -> None:
        """Completes a multipart upload; `etags` are pairs of part number and ETag.

        Raises Conflict where they do not match the stored parts, NotFound if already completed.
        """
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags)]
        given = {"Key": key, "UploadId": parts_id, "MultipartUpload": {"Parts": parts}}
        try:
            self._call("complete_multipart_upload", **given)
        except StoreUnavailable as error:
            if 400 <= (_status(error.__cause__) or 500) < 500:
                raise Conflict(f"the parts cannot be joined: {error}") from error
            raise
