"""Downloads inputs by URL; every address is checked before it is connected to.

Redirects are followed here, each checked like the first. An interrupted download resumes where it
stopped (RFC 9110, 14.2) if the server still has the same file, as `If-Range` verifies.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import Source
from worker.jobs.faults import classify_fault
from worker.net.addresses import Unreachable, resolve_public
from worker.net.deadlines import deadline
from worker.net.pinned_http import PinnedTransport

MOST_SECONDS = 900
"""Seconds for a whole download, however slowly the server sends."""
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each retry; the download fails after as many retries without any progress."""
_NO_MEDIA = ("text/html", "application/xhtml+xml", "application/json", "application/problem+json")
_REDIRECTS = 3
_TIMEOUT = httpx.Timeout(15, connect=5)
_PASSING = (502, 503, 504)


class _ConnectionLost(Exception):
    """The connection was lost before the end of the file; the download may resume."""


class _ContentChanged(Exception):
    """The server has another file now, or cannot resume this one."""


def check_type(content_type: str) -> None:
    """Raises Unreachable for a content type that is not media, such as a web page."""
    name = content_type.split(";")[0].strip().lower()
    if name in _NO_MEDIA:
        raise Unreachable(f"the address serves {name}, which is neither video nor image")


def fetch_url(
    url: str,
    path: Path,
    source: Source,
    max_bytes: int,
    *,
    allow_private: bool = False,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Downloads `url` to `path` within MOST_SECONDS.

    `check` is called about every half second; what it raises ends the download. Raises JobError
    `video_load_error` or `image_load_error` where the file cannot be fetched, `media_too_large`
    above `max_bytes`, and OSError where it cannot be written to disk.
    """
    code = ErrorCode.IMAGE_LOAD_ERROR if source == "image" else ErrorCode.VIDEO_LOAD_ERROR
    try:
        transport = PinnedTransport(lambda host, port: resolve_public(host, port, allow_private))
        with (
            httpx.Client(transport=transport, timeout=_TIMEOUT, trust_env=False) as client,
            deadline(MOST_SECONDS, check),
        ):
            _Download(client, url, path, max_bytes, check).run()
    except (Unreachable, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        if classify_fault(error):
            raise
        reason = str(error) or type(error).__name__
        raise JobError(code, f"The file cannot be fetched: {reason}") from error


class _Download:
    """The download of one file, by as many requests as needed."""

    def __init__(
        self,
        client: httpx.Client,
        url: str,
        path: Path,
        max_bytes: int,
        check: Callable[[], None],
    ) -> None:
        self._client = client
        self._check = check
        self._url = url
        self._path = path
        self._most = max_bytes
        self._end = time.monotonic() + MOST_SECONDS
        self._have = 0
        # ETag or date of the partly downloaded file; None: the download cannot be resumed
        self._version: str | None = None

    def run(self) -> None:
        """Downloads the file; raises JobError `media_too_large`, Unreachable and httpx's errors."""
        pauses = list(PAUSES_S)
        while True:
            before = self._have
            try:
                self._follow()
                return
            except _ContentChanged:
                self._have, self._version = 0, None
            except _ConnectionLost as cut:
                if self._version is None:
                    self._have = 0
                if self._have > before:
                    pauses = list(PAUSES_S)
                if not pauses:
                    raise Unreachable(f"the connection was lost repeatedly: {cut}") from cut
                self._pause(pauses.pop(0))
            self._check_time()

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            self._check()

    def _follow(self) -> None:
        url = self._url
        for _ in range(_REDIRECTS + 1):
            request = _request(self._client, httpx.URL(url))
            if self._have and self._version is not None:
                request.headers["Range"] = f"bytes={self._have}-"
                request.headers["If-Range"] = self._version
            try:
                response = self._client.send(request, stream=True)
            except httpx.TransportError as error:
                if not self._have:
                    raise
                raise _ConnectionLost(str(error) or type(error).__name__) from error
            try:
                if response.is_redirect:
                    url = _redirected(url, response.headers.get("location", ""))
                    continue
                self._take(response)
                return
            finally:
                response.close()
        raise Unreachable("too many redirects")

    def _take(self, response: httpx.Response) -> None:
        status = response.status_code
        if self._have and status in _PASSING:
            raise _ConnectionLost(f"the server answered {status}")
        if self._have and status == 416:
            raise _ContentChanged
        if status == 206 and self._have:
            if not self._goes_on(response):
                raise _ContentChanged
        elif status == 200:
            self._have = 0
            check_type(response.headers.get("content-type", ""))
        else:
            raise Unreachable(f"the server answered {status}")
        plain = response.headers.get("content-encoding", "identity") == "identity"
        self._version = _version(response) if plain else None
        self._write(response)

    def _goes_on(self, response: httpx.Response) -> bool:
        """Returns whether a 206 answer is the rest of the same file."""
        said = response.headers.get("content-range", "")
        version = _version(response)
        same = version is None or version == self._version
        return said.startswith(f"bytes {self._have}-") and same

    def _write(self, response: httpx.Response) -> None:
        with self._path.open("r+b" if self._have else "wb") as file:
            file.seek(self._have)
            try:
                for block in response.iter_bytes():
                    self._check_time()
                    if self._have + len(block) > self._most:
                        text = f"The file is larger than {self._most} bytes."
                        raise JobError(ErrorCode.MEDIA_TOO_LARGE, text)
                    file.write(block)
                    self._have += len(block)
            except httpx.TransportError as error:
                raise _ConnectionLost(str(error) or type(error).__name__) from error

    def _check_time(self) -> None:
        if time.monotonic() > self._end:
            raise Unreachable(f"the download takes longer than {MOST_SECONDS} s")


def _redirected(url: str, location: str) -> str:
    """Returns the target of a redirect; raises Unreachable for one from https to http or with a
    user name."""
    target = urljoin(url, location)
    parts = urlsplit(target)
    if url.lower().startswith("https:") and parts.scheme.lower() == "http":
        raise Unreachable("the server redirects from https to http")
    if parts.username is not None or parts.password is not None:
        raise Unreachable("the server redirects to an address with a user name")
    return target


def _version(response: httpx.Response) -> str | None:
    """Returns the validator for `If-Range`: a strong entity tag, else the Last-Modified date."""
    tag: str = response.headers.get("etag", "")
    if tag and not tag.startswith("W/"):
        return tag
    changed: str | None = response.headers.get("last-modified")
    return changed


def _request(client: httpx.Client, url: httpx.URL) -> httpx.Request:
    if url.scheme not in ("http", "https") or not url.host:
        raise Unreachable("only http and https URLs are taken")
    # ranges count bytes as sent, so they must not be compressed
    return client.build_request("GET", url, headers={"Accept-Encoding": "identity"})
