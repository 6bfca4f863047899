"""What the pages' headers allow: who may frame them, and what they may load from where.

No inline script or style, no third party: beside the API itself only the object store, and the
address that `videoSrc` or `imageSrc` of the very request names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_EMBEDDER = re.compile(r"\*|[a-z][a-z0-9+.-]*://(\*\.)?[a-z0-9.-]+(:[0-9]{1,5})?")
"""`*`, or an origin, whose host may begin with `*.` (CSP level 3, host-source)."""

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
"""Headers of every answer here; the address of a page holds a key, so no referrer is sent."""


def parse_embedders(text: str) -> tuple[str, ...]:
    """Origins out of the setting `page_embedders`; raises ValueError for what is none."""
    found = tuple(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip())
    for origin in found:
        if not _EMBEDDER.fullmatch(origin):
            raise ValueError(f"page_embedders: '{origin}' is neither * nor an origin")
    return ("*",) if "*" in found else found


def origin_of(url: str | None) -> str | None:
    """`scheme://host[:port]` of a web address, None for anything else."""
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
    """The Content-Security-Policy of a page that talks to `storage` and plays from `media`;
    `style` is the hash-source of its own style element."""
    store = [storage] if storage else []
    outside = [origin for origin in (storage, media) if origin]
    allowed: dict[str, list[str]] = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", *([style] if style else [])],
        "img-src": ["'self'", "blob:", "data:", *outside],
        "media-src": ["'self'", "blob:", *outside],
        "connect-src": ["'self'", *store],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": list(embedders) or ["'none'"],
    }
    return "; ".join(" ".join((name, *dict.fromkeys(words))) for name, words in allowed.items())
