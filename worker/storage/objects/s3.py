"""An object store on S3. Presigned URLs are signed with SigV4 for the public endpoint."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import boto3
from boto3.exceptions import Boto3Error
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import RetriesExceededError

from worker.observability.metrics import S3_FAILURES, S3_SECONDS, record
from worker.settings import Settings
from worker.storage.errors import Conflict, NotFound, StoreUnavailable
from worker.storage.objects.head_requests import HeadRequests

PART_BYTES = 16 * 1024 * 1024
_TRANSFER_BYTES = 16 * 1024 * 1024
SINGLE_PUT_BYTES = 64 * 1024 * 1024
"""Size in bytes above which an upload is made in parts and can be resumed."""
_QUICK_S = 5.0
"""Seconds that S3 may take to connect, and to answer calls without data."""
_DATA_S = 60.0
_FAILED = (ClientError, BotoCoreError, Boto3Error, RetriesExceededError)
"""Errors of a transfer: the transfer manager wraps some in its own."""
_making = threading.Lock()
"""boto3's default session may not make two clients at once."""


def upload_key(tenant: str, upload_id: str) -> str:
    """Returns the key of an upload."""
    return f"uploads/{tenant}/{upload_id}"


def job_prefix(tenant: str, job_id: str) -> str:
    """Returns the prefix of all files that a job made."""
    return f"jobs/{tenant}/{job_id}/"


def reference_key(tenant: str, reference_id: str) -> str:
    """Returns the key of a reference movement's poses."""
    return f"references/{tenant}/{reference_id}"


def key_in_url(url: str, prefix: str) -> str | None:
    """Returns the key below `prefix` of a presigned URL in either addressing style, or None."""
    path = unquote(urlsplit(url).path)
    place = path.find("/" + prefix)
    return None if place < 0 else path[place + 1 :]


def _measured(client: Any) -> Any:
    """Makes a client record the duration and failures of its calls."""

    def begin(context: dict[str, Any], **_: Any) -> None:
        context["began"] = time.perf_counter()

    def answered(http_response: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        record(S3_SECONDS, time.perf_counter() - context["began"], model.name)
        if http_response.status_code >= 500:
            record(S3_FAILURES, 1, model.name)

    def silent(event_name: str, **_: Any) -> None:
        record(S3_FAILURES, 1, event_name.rpartition(".")[2])

    client.meta.events.register("before-call.s3", begin)
    client.meta.events.register("after-call.s3", answered)
    client.meta.events.register("after-call-error.s3", silent)
    return client


def _client(settings: Settings, endpoint: str | None, read_s: float, attempts: int) -> Any:
    secret, style = settings.s3_secret_key, settings.s3_addressing
    if style == "auto" and endpoint:
        style = "path"
    with _making:
        return boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_access_key,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            # by default boto3 signs URLs of a custom endpoint with SigV2
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": style},
                connect_timeout=_QUICK_S,
                read_timeout=read_s,
                retries={"total_max_attempts": attempts, "mode": "standard"},
                max_pool_connections=settings.s3_connections,
                # else puts over TLS come as aws-chunked with a trailer, which many stores refuse
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )


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


_MOVING = frozenset({"get_object", "put_object"})
"""Calls that transfer data and may take longer."""


def _in(bucket: str | None) -> dict[str, str]:
    return {} if bucket is None else {"Bucket": bucket}


class ObjectStore:
    """One bucket of S3.

    Methods raise NotFound for a missing object and StoreUnavailable if the server does not answer
    or refuses.
    """

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.s3_bucket
        self._settings = settings

    # made at their first use: they cost 80 ms, and many a process asks Redis alone
    @cached_property
    def _client(self) -> Any:
        return _measured(_client(self._settings, self._settings.s3_endpoint, _DATA_S, 4))

    @cached_property
    def _quick(self) -> Any:
        return _measured(_client(self._settings, self._settings.s3_endpoint, _QUICK_S, 2))

    @cached_property
    def _heads(self) -> HeadRequests:
        return HeadRequests(self._settings, self._quick, _QUICK_S)

    @cached_property
    def _public(self) -> Any:
        public = self._settings.s3_public_endpoint or self._settings.s3_endpoint
        return _client(self._settings, public, _DATA_S, 1)

    def _call(self, name: str, **arguments: Any) -> Any:
        client = self._client if name in _MOVING else self._quick
        try:
            return getattr(client, name)(**{"Bucket": self.bucket, **arguments})
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 404:
                raise NotFound(str(arguments.get("Key", self.bucket))) from error
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
            "ExposeHeaders": ["ETag"],
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
        body = self._call("get_object", Key=key, **more, **_in(bucket))["Body"]
        try:
            yield from body.iter_chunks(1 << 16)
        except BotoCoreError as error:
            raise StoreUnavailable(f"S3 download of {key}: {error}") from error

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

    def download(self, key: str, path: Path) -> None:
        """Downloads an object to a file."""
        reply = self._call("get_object", Key=key)
        with closing(reply["Body"]) as body:
            if reply["ContentLength"] <= _TRANSFER_BYTES:
                # one plain GET: the transfer manager's threads take 20 ms to start
                path.write_bytes(_whole(body, key))
                return
        with path.open("wb") as file:
            self._download(key, file)

    def _download(self, key: str, file: IO[bytes]) -> None:
        try:
            self._client.download_fileobj(self.bucket, key, file)
        except _FAILED as error:
            raise StoreUnavailable(f"S3 download of {key}: {error}") from error

    def size(self, key: str) -> int:
        """Returns the size of an object in bytes."""
        size = self._heads.size(key)
        return self.head(key)[0] if size is None else size

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

    @cached_property
    def public_url(self) -> str:
        """URL of an object as clients reach it, for its origin alone; it soon expires."""
        return self.presign_get("origin", 1)

    def presign_get(self, key: str, ttl_s: int, filename: str | None = None) -> str:
        """Returns a URL from which the object can be downloaded for `ttl_s` seconds."""
        params: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        if filename:
            params["ResponseContentDisposition"] = f'attachment; filename="{filename}"'
        url: str = self._public.generate_presigned_url("get_object", params, ExpiresIn=ttl_s)
        return url

    def presign_put(self, key: str, content_type: str, size: int, ttl_s: int) -> str:
        """Returns a URL to PUT exactly `size` bytes of `content_type`, for `ttl_s` seconds."""
        params = {
            "Bucket": self.bucket,
            "Key": key,
            "ContentType": content_type,
            "ContentLength": size,
        }
        url: str = self._public.generate_presigned_url("put_object", params, ExpiresIn=ttl_s)
        return url

    def start_parts(self, key: str, content_type: str) -> str:
        """Starts a multipart upload; returns its id."""
        reply = self._call("create_multipart_upload", Key=key, ContentType=content_type)
        return str(reply["UploadId"])

    def presign_part(self, key: str, parts_id: str, number: int, size: int, ttl_s: int) -> str:
        """Returns a URL to PUT part `number` (from 1) of `size` bytes, for `ttl_s` seconds."""
        params = {
            "Bucket": self.bucket,
            "Key": key,
            "UploadId": parts_id,
            "PartNumber": number,
            "ContentLength": size,
        }
        url: str = self._public.generate_presigned_url("upload_part", params, ExpiresIn=ttl_s)
        return url

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
        try:
            self._client.complete_multipart_upload(
                Bucket=self.bucket, Key=key, UploadId=parts_id, MultipartUpload={"Parts": parts}
            )
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            if status == 404:
                raise NotFound(key) from error
            if status < 500:
                code = error.response.get("Error", {}).get("Code", "refused")
                raise Conflict(f"the parts cannot be joined: {code}") from error
            raise StoreUnavailable(f"S3 joining of {key}: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"S3 joining of {key}: {error}") from error
