"""Security headers of the pages: who may frame them, and what they may load from where.

No inline scripts and no third parties: beside the API itself only the object store and the origin
of the request's own `videoSrc` or `imageSrc`. Inline styles are allowed by hash only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_EMBEDDER = re.compile(r"\*|[a-z][a-z0-9+.-]*://(\*\.)?[a-z0-9.-]+(:[0-9]{1,5})?")
"""Matches `*`, or an origin whose host may begin with `*.` (CSP level 3, host-source)."""

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # sites that isolate themselves (COEP) take no other frames; who may frame is said by the policy
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cross-Origin-Embedder-Policy": "credentialless",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
"""Headers of pages and assets; the URL of a page contains a token, so no referrer is sent."""


def parse_embedders(text: str) -> tuple[str, ...]:
    """Parses the setting `page_embedders` into origins; raises ValueError for a malformed one."""
    found = tuple(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip())
    for origin in found:
        if not _EMBEDDER.fullmatch(origin):
            raise ValueError(f"page_embedders: '{origin}' is neither * nor an origin")
    return ("*",) if "*" in found else found


def origin_of(url: str | None) -> str | None:
    """Returns `scheme://host[:port]` of an http(s) URL, None for anything else."""
    try:
        parts = urlsplit(url or "")
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9.-]+", host):
        return None
    return f"{parts.scheme}://{host}{port}"


def content_policy(
    embedders: Iterable[str],
    storage: str | None,
    media: str | None = None,
    style: str | None = None,
) -> str:
    """Returns the Content-Security-Policy of a page that may be framed by `embedders`.

    `storage` and `media` are origins to upload to and to load media from, `style` is the
    hash-source of the page's style element.
    """
    store = [storage] if storage else []
    outside = [origin for origin in (storage, media) if origin]
    allowed: dict[str, list[str]] = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", *([style] if style else [])],
        "img-src": ["'self'", "blob:", "data:", *outside],
        "media-src": ["'self'", "blob:", *outside],
        "connect-src": ["'self'", *store],
        "frame-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    framing = tuple(embedders)
    if "*" not in framing:  # in CSP `*` is http and https alone, not an app's file: or capacitor:
        allowed["frame-ancestors"] = list(framing) or ["'none'"]
    return "; ".join(" ".join((name, *dict.fromkeys(words))) for name, words in allowed.items())
