"""Archives that lie behind a plain URL, not in a package registry."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from worker.pose.conversion.errors import WeightsError

SILENCE_SECONDS = 60.0
"""How long a server may say nothing."""
LARGEST = 2 * 1024**3
_BLOCK = 1 << 20


def download(url: str, folder: Path) -> Path:
    """The file behind an https `url` in `folder`, whole.

    Blocks for as long as it takes. Raises WeightsError where it cannot be had or is larger than
    LARGEST bytes.
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
