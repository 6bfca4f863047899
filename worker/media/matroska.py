"""Writes raw frames with their own times as a Matroska stream, for an encoder to read.

RFC 9559 (Matroska) and RFC 8794 (EBML); V_UNCOMPRESSED, I420, times in microseconds. A block's
time is 16 bits from its cluster's, so each frame has a cluster of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

_MICROSECOND_NS = 1000
_UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"

# Codes of ITU-T H.273 by the names that ffmpeg gives them; 2 is "unspecified".
_MATRICES = {"bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9}
_TRANSFERS = {"bt709": 1, "smpte170m": 6, "bt2020-10": 14, "bt2020-12": 15}
_PRIMARIES = {"bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020": 9}
_UNSPECIFIED = 2
_LIMITED = 1


@dataclass(frozen=True)
class Colours:
    """Colour tags in ffmpeg's names; what is not known is left unspecified."""

    matrix: str = ""
    transfer: str = ""
    primaries: str = ""


def _size(length: int) -> bytes:
    return (length | 1 << 56).to_bytes(8, "big")


def _element(identifier: int, content: bytes) -> bytes:
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return name + _size(len(content)) + content


def _number(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def header(width: int, height: int, step_us: int, colours: Colours) -> bytes:
    """The start of a stream of I420 frames of that size, `step_us` apart as a rule."""
    ebml = _element(0x1A45DFA3, _element(0x4282, b"matroska") + _number(0x4287, 4))
    info = _element(0x1549A966, _number(0x2AD7B1, _MICROSECOND_NS))
    colour = _element(
        0x55B0,
        _number(0x55B1, _MATRICES.get(colours.matrix, _UNSPECIFIED))
        + _number(0x55B9, _LIMITED)
        + _number(0x55BA, _TRANSFERS.get(colours.transfer, _UNSPECIFIED))
        + _number(0x55BB, _PRIMARIES.get(colours.primaries, _UNSPECIFIED)),
    )
    video = _element(
        0xE0,
        _number(0xB0, width) + _number(0xBA, height) + _element(0x2EB524, b"I420") + colour,
    )
    track = _element(
        0xAE,
        _number(0xD7, 1)
        + _number(0x73C5, 1)
        + _number(0x83, 1)
        + _number(0x23E383, step_us * _MICROSECOND_NS)
        + _element(0x86, b"V_UNCOMPRESSED")
        + video,
    )
    segment = (0x18538067).to_bytes(4, "big") + _UNKNOWN_SIZE
    return ebml + segment + info + _element(0x1654AE6B, track)


def frame_head(time_us: int, size: int) -> bytes:
    """What precedes the `size` bytes of a frame shown at `time_us`."""
    time = _number(0xE7, time_us)
    block = b"\x81\x00\x00\x80"  # track 1, 0 after the cluster's time, a key frame
    simple = b"\xa3" + _size(len(block) + size) + block
    cluster = (0x1F43B675).to_bytes(4, "big")
    return cluster + _size(len(time) + len(simple) + size) + time + simple
