"""Small files that would be huge, long or endless if they were believed."""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from worker.media.probing.ffmpeg_tools import find_tools


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _zeros(size: int) -> bytes:
    """`size` zeros, deflated: a thousandth of them."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


def _png(width: int, height: int, packed: bytes, *more: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = _chunk(b"IDAT", packed)
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + pixels + _chunk(b"IEND", b"")


def large_png() -> bytes:
    """PNG of 60000x60000: 3.6 GB of pixels announced, 64 MB of them there."""
    return _png(60_000, 60_000, _zeros(64 << 20))


def deep_png() -> bytes:
    """PNG of 8x8 whose pixels unpack to 1 GiB."""
    return _png(8, 8, _zeros(1 << 30))


def wordy_png() -> bytes:
    """PNG of 8x8 with a compressed text of 256 MiB."""
    text = _chunk(b"zTXt", b"Comment\0\0" + _zeros(256 << 20))
    return _png(8, 8, zlib.compress(bytes(72)), text)


def large_jpeg() -> bytes:
    """JPEG whose header says 65000x65000."""
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "grey").save(made, "jpeg")
    data = bytearray(made.getvalue())
    place = data.index(b"\xff\xc0") + 5
    struct.pack_into(">HH", data, place, 65_000, 65_000)
    return bytes(data)


def large_gif() -> bytes:
    """GIF whose screen is 65535x65535."""
    made = io.BytesIO()
    Image.new("P", (8, 8)).save(made, "gif")
    data = bytearray(made.getvalue())
    struct.pack_into("<HH", data, 6, 65_535, 65_535)
    return bytes(data)


def large_tiff() -> bytes:
    """TIFF of 100000x100000 in one strip."""
    made = io.BytesIO()
    Image.new("L", (8, 8)).save(made, "tiff")
    data = bytearray(made.getvalue())
    start = struct.unpack_from("<I", data, 4)[0]
    for number in range(struct.unpack_from("<H", data, start)[0]):
        entry = start + 2 + 12 * number
        if struct.unpack_from("<H", data, entry)[0] in (256, 257):
            struct.pack_into("<HII", data, entry + 2, 4, 1, 100_000)
    return bytes(data)


def _film(*options: str, source: str = "color=size=64x64:rate=10:duration=1") -> bytes:
    command = [find_tools().ffmpeg, "-nostdin", "-v", "error", "-f", "lavfi", "-i", source,
               "-c:v", "libx264", "-preset", "ultrafast", *options,
               "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"]  # fmt: skip
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout


def long_header() -> bytes:
    """MP4 of one second whose headers say 143165 s."""
    data = bytearray(_film())
    for box, at in ((b"mvhd", 16), (b"mdhd", 16)):
        place = data.index(box)
        scale = struct.unpack_from(">I", data, place + at)[0]
        struct.pack_into(">I", data, place + at + 4, min(0xFFFFFFF0, 143_165 * scale))
    place = data.index(b"tkhd")
    struct.pack_into(">I", data, place + 24, 143_165_000)
    return bytes(data)


def large_film() -> bytes:
    """H.264 of one black frame of 8192x8192: 1 kB a megapixel at most."""
    return _film("-frames:v", "1", source="color=size=8192x8192:rate=1:duration=1")


def many_frames() -> bytes:
    """H.264 of 40,000 frames of 16x16, all alike."""
    return _film("-g", "40000", source="color=size=16x16:rate=1000:duration=40")


def endless_table() -> bytes:
    """MP4 whose table of sample sizes is said to have 4 billion rows."""
    data = bytearray(_film())
    place = data.index(b"stsz")
    struct.pack_into(">II", data, place + 8, 0, 0xFFFFFFFF)
    return bytes(data)


def nested_boxes() -> bytes:
    """MP4 of 50,000 boxes, each within the one before."""
    depth = 50_000
    boxes = (struct.pack(">I", 8 * (depth - number)) + b"moov" for number in range(depth))
    return b"\0\0\0\x10ftypisom\0\0\0\0" + b"".join(boxes)


def matroska_of_nothing() -> bytes:
    """Matroska whose segment has an unknown size and no end."""
    return (
        bytes.fromhex("1a45dfa3a34286810142f7810142f2810442f381084282886d6174726f736b6142878104")
        + bytes.fromhex("1853806701ffffffffffffff")
        + bytes(1 << 20)
    )


BOMBS: dict[str, Callable[[], bytes]] = {
    bomb.__name__: bomb
    for bomb in (
        large_png, deep_png, wordy_png, large_jpeg, large_gif, large_tiff, long_header, large_film,
        many_frames, endless_table, nested_boxes, matroska_of_nothing,
    )
}  # fmt: skip


def placed(name: str, folder: Path) -> Path:
    """The bomb as a file."""
    path = folder / name
    path.write_bytes(BOMBS[name]())
    return path
