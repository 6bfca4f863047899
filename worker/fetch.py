"""Inputs by URL, without being led astray: every address is checked before it is connected to.

The address that was checked is the one that is used, so a name that resolves differently a moment
later gains nothing. Redirects are followed by hand, each checked like the first.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import Source

MOST_SECONDS = 900
"""A server that drips bytes is not to hold a worker."""
_REDIRECTS = 3
_TIMEOUT = httpx.Timeout(15, connect=5)


class Unreachable(Exception):
    """The URL cannot or may not be fetched; the text says why."""


def fetch_url(
    url: str, path: Path, source: Source, max_bytes: int, *, allow_private: bool = False
) -> None:
    """Downloads `url` to `path`.

    Raises JobError `video_load_error` or `image_load_error` where it cannot be had, and
    `media_too_large` past `max_bytes`.
    """
    code = ErrorCode.IMAGE_LOAD_ERROR if source == "image" else ErrorCode.VIDEO_LOAD_ERROR
    try:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
            _follow(client, url, path, max_bytes, allow_private)
    except (Unreachable, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise JobError(code, f"The file cannot be fetched: {reason}") from error


def _follow(
    client: httpx.Client, url: str, path: Path, max_bytes: int, allow_private: bool
) -> None:
    for _ in range(_REDIRECTS + 1):
        request = _pinned(client, httpx.URL(url), allow_private)
        response = client.send(request, stream=True)
        try:
            if response.is_redirect:
                url = urljoin(url, response.headers.get("location", ""))
                continue
            if response.status_code != 200:
                raise Unreachable(f"the server answered {response.status_code}")
            _write(response, path, max_bytes)
            return
        finally:
            response.close()
    raise Unreachable("too many redirects")


def _pinned(client: httpx.Client, url: httpx.URL, allow_private: bool) -> httpx.Request:
    """A request to the checked address, with the name kept for TLS and the Host header."""
    if url.scheme not in ("http", "https") or not url.host:
        raise Unreachable("only http and https URLs are taken")
    port = url.port or (443 if url.scheme == "https" else 80)
    address = checked_address(url.host, port, allow_private)
    host = url.netloc.decode("ascii")
    request = client.build_request("GET", url.copy_with(host=address), headers={"Host": host})
    request.extensions["sni_hostname"] = url.host
    return request


def checked_address(host: str, port: int, allow_private: bool) -> str:
    """An address of `host`; raises Unreachable if any of them is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"the name {host} cannot be resolved") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not allow_private and not ipaddress.ip_address(address.split("%")[0]).is_global:
            raise Unreachable(f"{host} is not a public address")
    return addresses[0]


def _write(response: httpx.Response, path: Path, max_bytes: int) -> None:
    written, end = 0, time.monotonic() + MOST_SECONDS
    with path.open("wb") as file:
        for block in response.iter_bytes(1 << 16):
            written += len(block)
            if time.monotonic() > end:
                raise Unreachable(f"the download takes longer than {MOST_SECONDS} s")
            if written > max_bytes:
                raise JobError(
                    ErrorCode.MEDIA_TOO_LARGE, f"The file is larger than {max_bytes} bytes."
                )
            file.write(block)
