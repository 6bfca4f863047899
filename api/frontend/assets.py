"""Static files of the pages, read once: their bytes, types and a digest of all of them.

The digest is part of their URL, so that browsers can cache them for ever and a new version has new
URLs. Of a page's modules one script is made, and its styles are inlined: on a slow line it can be
used after its document, its script and one answer of the API.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from api.frontend.bundle import bundle

FOLDER = Path(__file__).resolve().parents[1] / "page"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ENTRIES = {"upload": "js/main.js", "console": "console/main.js"}
"""The module that each page starts with."""


@dataclass(frozen=True)
class Asset:
    """A static file: content type, bytes, and bytes compressed by gzip."""

    kind: str
    data: bytes
    packed: bytes


@dataclass(frozen=True)
class Assets:
    """All static files by `<folder>/<name>`, and the digest of this version."""

    digest: str
    files: dict[str, Asset]


@dataclass(frozen=True)
class Document:
    """A page's HTML, and the CSP source of its style element (CSP level 3, hash-source)."""

    text: str
    style_source: str


@cache
def load_assets(folder: Path = FOLDER) -> Assets:
    """Reads css/, js/, texts/ and console/ of `folder`; `bundles/` has a script for each page."""
    texts = {
        f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*/*"))
        if path.suffix in _KINDS
    }
    for page, entry in _ENTRIES.items():
        texts[f"bundles/{page}.js"] = bundle(texts, entry)
    digest = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]
    return Assets(digest, {name: _asset(name, text.encode()) for name, text in texts.items()})


def _asset(name: str, data: bytes) -> Asset:
    return Asset(_KINDS[Path(name).suffix], data, gzip.compress(data, mtime=0))


@cache
def load_document(page: str, folder: Path = FOLDER) -> Document:
    """Returns `upload` or `console` with its styles and the URLs of its assets in it."""
    assets = load_assets(folder)
    styles = "".join(assets.files[f"css/{name}.css"].data.decode() for name in ("base", page))
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    text = (folder / f"{page}.html").read_text(encoding="utf-8").replace("{{styles}}", styles)
    text = text.replace("{{assets}}", f"{{{{root}}}}assets/{assets.digest}")
    return Document(text, f"'sha256-{digest}'")
