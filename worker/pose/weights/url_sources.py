"""Archives behind a plain URL instead of a package registry."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from worker.pose.conversion.errors import WeightsError

SILENCE_SECONDS = 60.0
"""Seconds for which a server may send nothing."""
LARGEST = 2 * 1024**3
_BLOCK = 1 << 20


def download(url: str, folder: Path) -> Path:
    """Downloads an https `url` into `folder`; returns the path of the file.

    Blocks for as long as it takes. Raises WeightsError for another scheme, a failed download, or
    more than LARGEST bytes.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise WeightsError(f"{url} is not fetched: weights come by https alone")
    path = folder / PurePosixPath(parts.path).name
    try:
        with urlopen(url, timeout=SILENCE_SECONDS) as answer, path.open("wb") as file:  # noqa: S310 - https, see above
            size = 0
            while block := answer.read(_BLOCK):
                size += len(block)
                if size > LARGEST:
                    raise WeightsError(f"{url} is larger than {LARGEST} bytes")
                file.write(block)
    except (URLError, OSError) as error:
        raise WeightsError(
            f"could not fetch {url}: {error}; check the network, "
            "or fetch it elsewhere and pass the archive"
        ) from error
    return path
