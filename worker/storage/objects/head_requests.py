"""HEAD requests for objects, for a third of the processor time of boto3's `head_object`.

The API sends one for each new job, to see that its upload is complete. Signing and connections are
botocore's; what costs time is its general machinery of models, endpoints, retries and parsers.
"""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from worker.observability.metrics import S3_FAILURES, S3_SECONDS, record
from worker.settings import Settings
from worker.storage.errors import NotFound, StoreUnavailable

_NAME = "HeadObject"


def strong_tag(tag: str | None) -> str | None:
    """Returns an entity tag that `If-Match` compares; None for a missing one, as of some gateways,
    and for a weak one, as of proxies that compress."""
    return None if not tag or tag.startswith("W/") else str(tag)


class HeadRequests:
    """HEAD requests for objects of one bucket; `client` is a boto3 client of the same store."""

    def __init__(self, settings: Settings, client: Any, timeout_s: float) -> None:
        self._settings = settings
        self._client = client
        self._timeout_s = timeout_s
        self._base = ""
        self._session: Any = None
        self._keys: Any = None

    def version(self, key: str) -> tuple[int, str | None] | None:
        """Returns size in bytes and strong entity tag of an object; None where boto3 is to ask.

        That is for any answer but 200 and 404, such as a redirect to another region, and where
        the request fails. Raises NotFound, and StoreUnavailable where the server does not answer
        in time.
        """
        try:
            if self._session is None:
                self._open()
            request = AWSRequest("HEAD", f"{self._base}/{quote(key)}")
            keys = self._keys.get_frozen_credentials()
            S3SigV4Auth(keys, "s3", self._client.meta.region_name).add_auth(request)
            began = time.perf_counter()
            answer = self._session.send(request.prepare())
        except (ConnectTimeoutError, ReadTimeoutError) as error:
            record(S3_FAILURES, 1, _NAME)
            raise StoreUnavailable(f"S3 head_object: {error}") from error
        except BotoCoreError:
            return None  # boto3 tries once more, and says what is wrong
        record(S3_SECONDS, time.perf_counter() - began, _NAME)
        if answer.status_code == 404:
            raise NotFound(key)
        if answer.status_code != 200:
            return None
        return int(answer.headers["Content-Length"]), strong_tag(answer.headers.get("ETag"))

    def _open(self) -> None:
        given = {"Bucket": self._settings.s3_bucket, "Key": "-"}
        url = urlsplit(self._client.generate_presigned_url("head_object", given))
        self._base = f"{url.scheme}://{url.netloc}{url.path[: -len('/-')]}"
        id_, secret = self._settings.s3_access_key, self._settings.s3_secret_key
        self._keys = (
            Credentials(id_, secret.get_secret_value())
            if id_ and secret
            else boto3.Session().get_credentials()
        )
        if self._keys is None:
            raise NoCredentialsError
        self._session = URLLib3Session(
            verify=os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or True,
            proxies=get_environ_proxies(self._base),
            timeout=(self._timeout_s, self._timeout_s),
            max_pool_connections=self._settings.s3_connections,
        )
