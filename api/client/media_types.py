"""Types of media by the ending of a file's name: one table for the client, the API and the page.

`mimetypes` asks the system, which knows `.ts` as a program's text, `.mts` as a 3-D model, `.3gp` as
sound and `.mkv` not at all. The page's copy (`api/page/js/media_types.js`) and that of the
TypeScript client are held to this one by a test.
"""

from __future__ import annotations

import re
from pathlib import PurePath

OCTETS = "application/octet-stream"
"""What the server looks into by itself."""

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
PLAIN = frozenset({OCTETS, "application/mxf", "application/x-ndjson", "application/jsonl"})
"""Types that say nothing of a picture and are taken as they are."""

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
"""What systems call a container that may hold sound alone, or take for another kind of file."""


def type_by_name(filename: str) -> str | None:
    """The type that a name's ending says; None for one that is not in the table."""
    return BY_ENDING.get(PurePath(filename.lower()).suffix.removeprefix("."))


def media_type(filename: str, given: str | None) -> str | None:
    """The type to upload a file under: as `given`, without parameters and capitals; as its name
    says where that is nothing, or says nothing; None for a type that is not of media."""
    plain = (given or "").partition(";")[0].strip().lower()
    plain = OTHER_NAMES.get(plain, plain)
    if OF_MEDIA.fullmatch(plain):
        return plain
    if plain in ("", OCTETS):
        return type_by_name(filename) or OCTETS
    return plain if plain in PLAIN else None
