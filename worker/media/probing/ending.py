"""Whether a file ends where its structure says, by its outermost boxes or its header's sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MOST_BOXES = 100_000
_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"
_OWN = (b"mdat", b"moov", b"moof")
_LARGE = 1
"""A size that says that the real one follows as 64 bits (ISO/IEC 14496-12, 4.2)."""


@dataclass(frozen=True)
class Ending:
    """`cut_off`: the file ends inside of something; `fragmented`: it is an MP4 in fragments."""

    cut_off: bool = False
    fragmented: bool = False


def ending_of(path: Path) -> Ending:
    """How the file at `path` ends; nothing is known of containers without sizes.

    Raises OSError where it cannot be read.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":
            # an AVI of more than 1 GiB has further RIFFs behind; a size of 0 was never filled in
            return Ending(cut_off=int.from_bytes(head[4:8], "little") + 8 > size)
        if head[:4] == _EBML:
            return Ending(cut_off=_segment_end(file) > size)
        if head[4:8] in (b"ftyp", b"moov", b"mdat", b"styp", b"wide", b"free", b"skip"):
            return _boxes(file, size)
    return Ending()


def _segment_end(file: BinaryIO) -> int:
    """Where Matroska's one segment ends (RFC 8794, 4 and 6), 0 where it does not say."""
    file.seek(0)
    head = file.read(4096)
    at = head.find(_SEGMENT) + len(_SEGMENT)
    if at < len(_SEGMENT) or at >= len(head) or not head[at]:
        return 0
    length = 9 - head[at].bit_length()
    most = (1 << (7 * length)) - 1
    size = int.from_bytes(head[at : at + length], "big") & most
    return 0 if size == most else at + length + size  # all ones: it is written as it comes


def _boxes(file: BinaryIO, size: int) -> Ending:
    at, fragmented = 0, False
    for _ in range(_MOST_BOXES):
        if at + 8 > size:
            break
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == _LARGE:
            length = int.from_bytes(head[8:16], "big")
        if length == 0 or not kind.isascii():  # it reaches to the end, or is no box
            break
        fragmented |= kind == b"moof"
        if length < 8:
            break
        at += length
        if at > size:
            # phones append trailers of their own that only look like boxes
            return Ending(kind in _OWN, fragmented)
    return Ending(fragmented=fragmented)
