"""Keys of the bucket: uploads, files that jobs made, reference movements."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def upload_key(tenant: str, upload_id: str) -> str:
    """Returns the key of an upload."""
    return f"uploads/{tenant}/{upload_id}"


def job_prefix(tenant: str, job_id: str) -> str:
    """Returns the prefix of all files that a job made."""
    return f"jobs/{tenant}/{job_id}/"


def reference_key(tenant: str, reference_id: str) -> str:
    """Returns the key of a reference movement's poses."""
    return f"references/{tenant}/{reference_id}"


def key_in_url(url: str, prefix: str) -> str | None:
    """Returns the key below `prefix` of a presigned URL in either addressing style, or None."""
    path = unquote(urlsplit(url).path)
    place = path.find("/" + prefix)
    return None if place < 0 else path[place + 1 :]
