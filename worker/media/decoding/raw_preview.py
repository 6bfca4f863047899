"""The full picture that a camera's raw file carries beside its sensor data: a JPEG."""

from __future__ import annotations

from worker.media.decoding.jpeg_stream import START, header_of

_TIFF = (b"II*\0", b"MM\0*")
_OTHERS = (b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR")
"""Beginnings of Fuji's, Panasonic's and Olympus' files; the other makers' are TIFF or HEIF."""


def may_be_raw(data: bytes) -> bool:
    """Whether `data` begins as raw files do; those in TIFF cannot be told from TIFF by that."""
    return data.startswith(_TIFF) or only_raw(data)


def only_raw(data: bytes) -> bool:
    """Whether `data` is nothing but a raw file."""
    return data.startswith(_OTHERS) or data[4:12] == b"ftypcrx "


def largest_jpeg(data: bytes, more_than: int = 0) -> bytes | None:
    """The largest JPEG inside of `data` that is shown, if it has `more_than` so many pixels.

    Sensor data may be JPEG too, of a lossless kind, which is passed over.
    """
    best, size = -1, more_than
    at = data.find(START)
    while at >= 0:
        header = header_of(data, at)
        if header is not None and header.width * header.height > size:
            best, size = at, header.width * header.height
        at = data.find(START, at + 2)
    return None if best < 0 else data[best:]
