"""Boxes put into MP4 files (ISO/IEC 14496-12)."""

from __future__ import annotations

_AROUND = (b"avc1", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov")


def with_sample_entry_box(data: bytes, kind: bytes, content: bytes) -> bytes:
    """The file `data`, H.264 with its index last, with a box in the description of its pictures."""
    made = bytearray(data)
    box = (len(content) + 8).to_bytes(4, "big") + kind + content
    at = made.index(b"avcC") - 4
    made[at:at] = box
    for name in _AROUND:
        start = made.index(name, made.index(b"moov") if name == b"avc1" else 0) - 4
        size = int.from_bytes(made[start : start + 4], "big") + len(box)
        made[start : start + 4] = size.to_bytes(4, "big")
    return bytes(made)
