"""An object store on S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError
from s3transfer.subscribers import BaseSubscriber

from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.objects.head_requests import HeadRequests, strong_tag
from worker.storage.objects.presigning import Presigning
from worker.storage.objects.s3_client import QUICK_S, http_status, made_once

_PLAIN_BYTES = 1 << 20
"""Bytes up to which an object is sent by one plain request: boto3's transfers start three pools of
threads for each, which takes longer."""
_BLOCK = 1 << 16
_TRANSFER_BYTES = 16 * 1024 * 1024
_FAILED = (ClientError, BotoCoreError, Boto3Error, RetriesExceededError, S3DownloadFailedError)
"""Errors of a transfer: the transfer manager wraps some in its own."""


@contextmanager
def _transfer(what: str) -> Iterator[None]:
    """Raises StoreUnavailable where a transfer fails."""
    try:
        yield
    except _FAILED as error:
        raise StoreUnavailable(f"S3 {what}: {error}") from error


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


class ObjectStore(Presigning):
    """One bucket of S3.

    Methods raise NotFound for a missing object and StoreUnavailable if the server does not answer
    or refuses.
    """

    @made_once
    def _heads(self) -> HeadRequests:
        return HeadRequests(self._settings, self._quick, QUICK_S)

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
        try:
            self._call("put_object", Key=key, Body=data, ContentType=content_type)
        except NotFound as error:  # the bucket: as much out of order as a silent server
            raise StoreUnavailable(f"S3 upload of {key}: {error}") from error

    def put_file(self, key: str, path: Path, content_type: str) -> int:
        """Stores a file, in parts if it is large; returns its size in bytes."""
        with path.open("rb") as file:
            self.put_open(key, file, content_type)
        return path.stat().st_size

    def put_open(self, key: str, file: IO[bytes], content_type: str) -> None:
        """Stores the rest of an open file, in parts if it is large."""
        began = file.tell()
        if len(data := file.read(_PLAIN_BYTES)) < _PLAIN_BYTES:
            self.put(key, data, content_type)
            return
        file.seek(began)
        with _transfer(f"upload of {key}"):
            extra = {"ContentType": content_type}
            self._client.upload_fileobj(file, self.bucket, key, ExtraArgs=extra)

    def get(self, key: str) -> bytes:
        """Returns the content of a small object."""
        with _transfer(f"download of {key}"):
            data: bytes = self._call("get_object", Key=key)["Body"].read()
        return data

    def lines(self, key: str) -> Iterator[bytes]:
        """Yields the lines of an object without loading all of it."""
        body = self._call("get_object", Key=key)["Body"]
        with _transfer(f"download of {key}"):
            yield from body.iter_lines(_BLOCK)

    def stream(self, key: str, start: int = 0, bucket: str | None = None) -> Iterator[bytes]:
        """Yields an object in blocks, from byte `start` on."""
        more = {"Range": f"bytes={start}-"} if start else {}
        body = self._call("get_object", Key=key, **more, **_in(bucket))["Body"]
        with _transfer(f"download of {key}"):
            yield from body.iter_chunks(_BLOCK)

    def head(self, key: str, bucket: str | None = None) -> tuple[int, str]:
        """Returns size in bytes and content type of an object.

        Raises NotFound, in another bucket also where access is denied, as S3 does not tell which.
        """
        try:
            found = self._call("head_object", Key=key, **_in(bucket))
        except StoreUnavailable as error:
            if bucket is not None and http_status(error.__cause__) in (400, 401, 403):
                raise NotFound(f"{bucket}/{key}") from error
            raise
        return int(found["ContentLength"]), str(found.get("ContentType", ""))

    def download(self, key: str, path: Path, tag: str | None = None) -> None:
        """Downloads an object to a file; raises Conflict where its entity tag is not `tag`."""
        reply = self._call("get_object", Key=key, **({} if tag is None else {"IfMatch": tag}))
        found = strong_tag(reply.get("ETag"))
        with (
            closing(reply["Body"]) as body,
            path.open("wb") as file,
            _transfer(f"download of {key}"),
        ):
            # one plain GET where small, as the transfer manager's threads take 20 ms to start, or
            # without a tag, as ranges could be of two versions
            if reply["ContentLength"] <= _TRANSFER_BYTES or found is None:
                file.writelines(body.iter_chunks(_BLOCK))
                return
            body.close()
            version = _KnownVersion(reply["ContentLength"], found)
            with create_transfer_manager(self._client, TransferConfig()) as manager:
                manager.download(self.bucket, key, file, subscribers=[version]).result()

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

    def page_below(self, prefix: str, after: str, most: int) -> list[tuple[str, float]]:
        """Returns up to `most` keys that start with `prefix` and follow `after`, each with the unix
        time of its last change."""
        page = self._call("list_objects_v2", Prefix=prefix, StartAfter=after, MaxKeys=most)
        return [
            (item["Key"], item["LastModified"].timestamp()) for item in page.get("Contents", ())
        ]
