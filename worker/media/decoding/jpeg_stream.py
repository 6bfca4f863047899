"""The markers of a JPEG (ITU-T T.81, annex B): its size, its scans, whether its end is there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

START, SCAN, END = b"\xff\xd8\xff", b"\xff\xda", b"\xff\xd9"
MOST_MISSING = 0.1
"""Share of a picture's rows that may be missing at its end."""
_FRAMES = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive frames of Huffman codes; others nobody shows."""
_PROGRESSIVE = 0xC2
_BARE = (0x01, *range(0xD0, 0xD9))
"""Markers without a segment."""
_MOST_SEGMENTS = 1000
_SCAN_PIXELS = 400_000_000
"""Pixels that all scans of a picture may pass over: about 4 s. Encoders make about ten scans, so of
200 megapixels too the first ones are there, and the later only sharpen it."""
_FEWEST_SCANS = 2
_ENOUGH_SCANS = 6
"""Scans after which libjpeg's own order of them has shown all frequencies once."""
_ALIKE = 2


class Header(NamedTuple):
    """What comes before the first scan, which begins at `scans`."""

    width: int
    height: int
    progressive: bool
    scans: int


def header_of(data: bytes, start: int = 0) -> Header | None:
    """The header of the JPEG that begins at `start`; None where it is not one that is shown."""
    at, found = start + 2, None
    for _ in range(_MOST_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        kind = data[at + 1]
        if kind == 0xFF or kind in _BARE:
            at += 1 if kind == 0xFF else 2
            continue
        if kind == SCAN[1]:
            return found and found._replace(scans=at)
        if kind in _FRAMES and data[at + 4] == 8:
            height, width = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (5, 7))
            found = Header(width, height, kind == _PROGRESSIVE, 0)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def fewer_scans(data: bytes) -> bytes:
    """The JPEG without the scans beyond what one picture may cost: each passes over all of it."""
    header = header_of(data) if data.startswith(START) else None
    if header is None or not header.progressive:
        return data
    left = max(_FEWEST_SCANS, _SCAN_PIXELS // max(1, header.width * header.height))
    at = header.scans
    while at >= 0:
        if left == 0:
            return data[:at] + END
        left -= 1
        at = data.find(SCAN, at + 2)
    return data


def without_end(data: bytes) -> bytes | None:
    """The JPEG with the end marker that is missing; None where that is not what it lacks, or it is
    a progressive one of which not even coarse brightness is there."""
    header = header_of(data) if data.startswith(START) else None
    if header is None or END in data[header.scans :]:
        return None
    if header.progressive and data.count(SCAN, header.scans) < _ENOUGH_SCANS:
        return None
    return data + END


def missing_rows(pixels: NDArray[np.uint8]) -> float:
    """Share of the rows of `pixels` [h, w, ...] at its end that were made up: a decoder that has no
    more data goes on with the last colour."""
    flat = pixels.reshape(len(pixels), -1, pixels.shape[2] if pixels.ndim == 3 else 1)
    apart = np.abs(flat.astype(np.int16) - flat[-1, -1].astype(np.int16)).max(axis=(1, 2))
    seen = np.flatnonzero(apart > _ALIKE)
    return 1.0 if not len(seen) else 1 - (int(seen[-1]) + 1) / len(pixels)
