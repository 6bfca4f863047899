"""boto3 clients of an S3 store, and calls through them: signatures, addressing, time-outs, metrics,
errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from worker.observability.metrics import S3_FAILURES, S3_SECONDS, record
from worker.settings import Settings
from worker.storage.errors import Conflict, NotFound, StoreUnavailable

T = TypeVar("T")
CONNECT_S = 5.0
"""Seconds that S3 may take to accept a connection."""
QUICK_S, DATA_S = 5.0, 60.0
"""Seconds that S3 may take to answer calls without data, and with."""
_SLOW = frozenset({"get_object", "put_object", "complete_multipart_upload"})
"""Calls that transfer data, or join it, and may take longer."""
_making = threading.Lock()
"""boto3's default session may not make two clients at once."""


class made_once(cached_property[T]):  # noqa: N801  (a decorator)
    """A property computed at its first use, once even where several threads ask at the same time:
    `cached_property` has had no lock since Python 3.12."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        super().__init__(make)
        self._lock = threading.RLock()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        with self._lock:
            return super().__get__(instance, owner)


def measured(client: Any) -> Any:
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


def open_client(settings: Settings, endpoint: str | None, read_s: float, attempts: int) -> Any:
    """Returns a boto3 client that waits `read_s` seconds for answers and tries `attempts` times."""
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
                connect_timeout=CONNECT_S,
                read_timeout=read_s,
                retries={"total_max_attempts": attempts, "mode": "standard"},
                max_pool_connections=settings.s3_connections,
                # else puts over TLS come as aws-chunked with a trailer, which many stores refuse
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )


def http_status(error: BaseException | None) -> int | None:
    if not isinstance(error, ClientError):
        return None
    status: int | None = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


class S3Calls:
    """Calls of one bucket, through clients that are made at their first use: they cost 80 ms, and
    many a process asks Redis alone."""

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.s3_bucket
        self._settings = settings

    @made_once
    def _client(self) -> Any:
        return measured(open_client(self._settings, self._settings.s3_endpoint, DATA_S, 4))

    @made_once
    def _quick(self) -> Any:
        return measured(open_client(self._settings, self._settings.s3_endpoint, QUICK_S, 2))

    @made_once
    def _public(self) -> Any:
        public = self._settings.s3_public_endpoint or self._settings.s3_endpoint
        return open_client(self._settings, public, DATA_S, 1)

    def _call(self, name: str, **arguments: Any) -> Any:
        client = self._client if name in _SLOW else self._quick
        try:
            return getattr(client, name)(**{"Bucket": self.bucket, **arguments})
        except ClientError as error:
            status, key = http_status(error), str(arguments.get("Key", self.bucket))
            if status == 404:
                raise NotFound(key) from error
            if status == 412:
                raise Conflict(f"{key} was replaced") from error
            raise StoreUnavailable(f"S3 {name}: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"S3 {name}: {error}") from error
