"""Media types by file name extension: one table for the client, the API and the page.

The standard library's `mimetypes` depends on the system, which may take `.ts` for a program's text,
`.mts` for a 3-D model and `.3gp` for sound, and does not know `.mkv`. A test compares the copies of
the page (`api/page/js/media_types.js`) and of the TypeScript client with this table.
"""

from __future__ import annotations

import re
from pathlib import PurePath

OCTETS = "application/octet-stream"
"""The type of unknown files, which the server probes."""

BY_ENDING = {
    "3g2": "video/3gpp2", "3gp": "video/3gpp", "asf": "video/x-ms-asf", "avi": "video/x-msvideo",
    "dv": "video/x-dv", "flv": "video/x-flv", "m2ts": "video/mp2t", "m4v": "video/mp4",
    "mkv": "video/x-matroska", "mov": "video/quicktime", "mp4": "video/mp4", "mpeg": "video/mpeg",
    "mpg": "video/mpeg", "mts": "video/mp2t", "mxf": "application/mxf", "ogv": "video/ogg",
    "qt": "video/quicktime", "ts": "video/mp2t", "vob": "video/mpeg", "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
    "avif": "image/avif", "bmp": "image/bmp", "dng": "image/x-adobe-dng", "gif": "image/gif",
    "heic": "image/heic", "heif": "image/heif", "jpeg": "image/jpeg", "jpg": "image/jpeg",
    "jxl": "image/jxl", "png": "image/png", "tif": "image/tiff", "tiff": "image/tiff",
    "webp": "image/webp",
    "jsonl": "application/x-ndjson", "ndjson": "application/x-ndjson",
}  # fmt: skip

OF_MEDIA = re.compile(r"(?:video|image)/[a-z0-9_.+-]{1,100}")
UNSAID = frozenset(
    {
        "", OCTETS, "binary/octet-stream", "application/binary", "application/x-binary",
        "application/force-download", "*/*", "video/*", "image/*",
    }
)  # fmt: skip
"""What systems give that do not know the type of a file."""

PLAIN = frozenset({OCTETS, "application/mxf", "application/x-ndjson", "application/jsonl"})
"""Other accepted types: containers, unknown files and manifests."""

OTHER_NAMES = {
    "application/mp4": "video/mp4",
    "application/ogg": "video/ogg",
    "application/x-matroska": "video/x-matroska",
    "application/vnd.ms-asf": "video/x-ms-asf",
    "audio/3gpp": "video/3gpp",
    "audio/3gpp2": "video/3gpp2",
    "audio/mp4": "video/mp4",
    "audio/webm": "video/webm",
    "model/vnd.mts": "video/mp2t",
    "text/vnd.trolltech.linguist": "video/mp2t",
}
"""Types that some systems give to video files: names of audio containers and wrong guesses."""


def type_by_name(filename: str) -> str | None:
    """Returns the media type of a file name's extension; None if it is not in the table."""
    return BY_ENDING.get(PurePath(filename.lower()).suffix.removeprefix("."))


def media_type(filename: str, given: str | None) -> str | None:
    """Returns the type to upload a file with: `given`, normalised, or that of its extension.

    The extension decides where `given` says nothing. Returns None for a type that is not accepted.
    """
    plain = (given or "").partition(";")[0].strip().lower()
    plain = OTHER_NAMES.get(plain, plain)
    if OF_MEDIA.fullmatch(plain):
        return plain
    if plain in UNSAID:
        return type_by_name(filename) or OCTETS
    return plain if plain in PLAIN else None
