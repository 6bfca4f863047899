"""Framing of a pose log: its entries, its end mark, its form as a file.

Needs no numpy, so the API, which never decodes an entry, does not either.
"""

from __future__ import annotations

from worker.contract.errors import DecodeError

END = b"PQEND"
"""Last entry of a complete pose log."""
SEGMENT_SECONDS = 24
"""Media seconds of a segment, which one of several workers estimates; whole chunks."""


def framed(entry: bytes) -> bytes:
    """A log entry as it is stored in a file: its length (4 bytes, little-endian), then its
    bytes."""
    return len(entry).to_bytes(4, "little") + entry


def split_log(data: bytes) -> list[bytes]:
    """The entries of a pose log file; raises DecodeError where it is cut off."""
    entries, place = [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "little")
        entry = data[place + 4 : place + 4 + size]
        if len(entry) != size:
            raise DecodeError("the pose log is cut off")
        entries.append(entry)
        place += 4 + size
    return entries
