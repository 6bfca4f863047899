"""Static files of the pages, read once: their bytes, types and a digest of all of them.

The digest is part of their URL, so that browsers can cache them for ever and a new version has new
URLs; modules import each other relatively and so stay within one version.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "page"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


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


@cache
def load_assets(folder: Path = FOLDER) -> Assets:
    """Reads css/, js/, texts/ and console/ of `folder`."""
    found: dict[str, Asset] = {}
    total = hashlib.sha256()
    for path in sorted(folder.glob("*/*")):
        kind = _KINDS.get(path.suffix)
        if kind is None:
            continue
        data, name = path.read_bytes(), f"{path.parent.name}/{path.name}"
        total.update(f"{name} {len(data)}\n".encode() + data)
        found[name] = Asset(kind, data, gzip.compress(data, mtime=0))
    return Assets(total.hexdigest()[:16], found)


@cache
def page_styles(folder: Path = FOLDER) -> str:
    """Returns the upload page's style sheets, which are inlined so that the first paint needs no
    further request."""
    files = load_assets(folder).files
    return "".join(files[f"css/{name}.css"].data.decode() for name in ("base", "upload"))


@cache
def style_source(folder: Path = FOLDER) -> str:
    """Returns the CSP source that allows the inlined styles (CSP level 3, hash-source)."""
    digest = hashlib.sha256(page_styles(folder).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def load_document(name: str, folder: Path = FOLDER) -> str:
    """Returns the HTML of a page with the URLs of its assets and preloads of its modules."""
    assets = load_assets(folder)
    text = (folder / name).read_text(encoding="utf-8")
    modules = [file for file in assets.files if file.startswith("js/")]
    links = [f'<link rel="modulepreload" href="{{{{assets}}}}/{file}">' for file in modules]
    whole = text.replace("{{preloads}}", "\n".join(links)).replace(
        "{{styles}}", page_styles(folder)
    )
    return whole.replace("{{assets}}", f"{{{{root}}}}assets/{assets.digest}")
