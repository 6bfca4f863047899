"""Whether a file ends where its structure says, by its outermost boxes or its header's sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MOST_BOXES = 100_000
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
        if head[4:8] in (b"ftyp", b"moov", b"mdat", b"styp", b"wide", b"free", b"skip"):
            return _boxes(file, size)
    return Ending()


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
