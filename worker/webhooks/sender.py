"""Sends one webhook request: bounded in time and size, to checked addresses, without redirects."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from worker.net.addresses import Unreachable, resolve_public
from worker.net.deadlines import deadline
from worker.net.pinned_http import PinnedTransport
from worker.settings import Settings
from worker.webhooks.retry_policy import retry_after

MOST_BYTES = 65_536
"""Maximum bytes of an answer that are read."""
EXCERPT = 500
"""Maximum characters of an answer that are kept."""
_CONNECTIONS = 200
# secrets of ours, keys, bearer tokens and signatures that a receiver may echo
_SECRET_LIKE = re.compile(
    r"whsec_[\w+/=-]+|pq_[\w-]{16,}|v1,[\w+/=-]{20,}|(?i:bearer|basic)\s+[\w.~+/=-]+"
)


@dataclass(frozen=True)
class WebhookResponse:
    """The result of a request; without an answer `status` is None and `error` says why."""

    latency_s: float
    status: int | None = None
    excerpt: str | None = None
    error: str | None = None
    retry_after_s: float | None = None

    @property
    def good(self) -> bool:
        """Whether the receiver accepted the event (2xx)."""
        return self.error is None and self.status is not None and 200 <= self.status < 300


def masked(text: str, secrets: Sequence[str]) -> str:
    """Returns `text` with the given secrets, and whatever looks like one, replaced by `***`."""
    for secret in secrets:
        text = text.replace(secret, "***").replace(secret.removeprefix("whsec_"), "***")
    return _SECRET_LIKE.sub("***", text)


class Sender:
    """Thread-safe HTTP client for webhooks with short keep-alive; a context manager."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._private = settings.allow_private_urls
        self._allowed = _hosts(settings.webhook_allowed_hosts)
        self._timeout_s = settings.webhook_timeout_s
        self._clock = clock
        self._http = httpx.Client(
            transport=PinnedTransport(self._address, _CONNECTIONS),
            timeout=httpx.Timeout(settings.webhook_timeout_s),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def send(
        self, url: str, headers: dict[str, str], body: bytes, secrets: Sequence[str] = ()
    ) -> WebhookResponse:
        """Posts `body`; network errors are returned, not raised. Masks `secrets` in the excerpt."""
        began = time.monotonic()
        try:
            with deadline(self._timeout_s):
                return self._post(url, headers, body, secrets, began)
        except (httpx.HTTPError, httpx.InvalidURL, Unreachable, OSError, ValueError) as error:
            text = self._explained(error)
            return WebhookResponse(time.monotonic() - began, error=masked(text, secrets)[:EXCERPT])

    def _post(
        self, url: str, headers: dict[str, str], body: bytes, secrets: Sequence[str], began: float
    ) -> WebhookResponse:
        given = {**headers, "Accept-Encoding": "identity"}
        with self._http.stream("POST", url, headers=given, content=body) as response:
            read = b""
            # not decoded: a few compressed bytes may expand to very many
            for block in response.iter_raw(8192):
                read += block
                if len(read) >= MOST_BYTES:
                    break
            text = read[: EXCERPT * 8].decode(errors="replace")
            asked = retry_after(response.headers.get("retry-after"), self._clock())
            return WebhookResponse(
                time.monotonic() - began,
                status=response.status_code,
                excerpt=masked(text, secrets)[:EXCERPT],
                retry_after_s=asked,
            )

    def _address(self, host: str, port: int) -> str:
        allowed = self._private or host.lower() in self._allowed
        return resolve_public(host, port, allowed or f"{host.lower()}:{port}" in self._allowed)

    def _explained(self, error: Exception) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"no complete answer within {self._timeout_s:g} s"
        return str(error) or type(error).__name__


def _hosts(listed: str) -> frozenset[str]:
    return frozenset(host.strip().lower() for host in listed.split(",") if host.strip())
