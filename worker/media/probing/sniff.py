"""Tells videos from still images by content, whatever the name says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_IMAGE_MAGIC = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"II*\x00",  # TIFF, both byte orders
    b"MM\x00*",
    b"BM",
    b"\xff\x4f\xff\x51",  # a bare JPEG 2000 stream
    b"\0\0\0\x0cjP  ",
    b"\xff\x0a",  # JPEG XL, bare and in boxes
    b"\0\0\0\x0cJXL ",
    b"8BPS",
    b"FUJIFILMCCD-RAW",
    b"IIU\0",
    b"IIRO",
    b"IIRS",
    b"MMOR",
)
_NAMES = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"8BPS", "Photoshop (PSD)"),
    (b"FUJIFILMCCD-RAW", "This camera's raw format"),
    (b"IIU\0", "This camera's raw format"),
    (b"IIR", "This camera's raw format"),
    (b"MMOR", "This camera's raw format"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\0\0\x01\0", "A Windows icon"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"v/1\x01", "OpenEXR"),
    (b"qoif", "QOI"),
    (b"P5\n", "PGM"),
    (b"P6\n", "PPM"),
    (b"YUV4MPEG2", "YUV4MPEG"),
    (b"#EXTM3U", "A playlist (M3U)"),
    (b"PK\x03\x04", "A ZIP archive"),
    (b"\x1f\x8b", "A gzip archive"),
    (b"Rar!", "A RAR archive"),
    (b"7z\xbc\xaf", "A 7z archive"),
    (b"<!doctype html", "A web page"),
    (b"<html", "A web page"),
)
# ISO/IEC 23008-12 and the AV1 image format; `avis`, a sequence alone, is a video.
_IMAGE_BRANDS = frozenset(
    {
        b"mif1",
        b"msf1",
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"hevc",
        b"hevx",
        b"avif",
        b"crx ",
    }
)
_GIF_MAGIC = (b"GIF87a", b"GIF89a")
_CONTAINER_MAGIC = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"OggS",
    b"FLV\x01",
    b"0&\xb2u\x8ef\xcf\x11",  # ASF
    b"\0\0\x01\xba",  # MPEG program stream
    b"\x06\x0e\x2b\x34\x02\x05",  # MXF
    b"\x1f\x07\x00",  # DV
)
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"moof"})


def head_of(path: Path, size: int = 4096) -> bytes:
    """The first bytes of a file."""
    with open(path, "rb") as file:
        return file.read(size)


def sniff(path: Path) -> Literal["video", "image"]:
    """What the content looks like; a file of neither kind is a "video", which probe refuses.

    A GIF or PNG of several frames is a video. Raises OSError where the file cannot be read.
    """
    head = head_of(path)
    if head.startswith(_GIF_MAGIC):
        return "video" if _frames_in_gif(path) > 1 else "image"
    return "image" if is_picture(head) and not _is_animated_png(head) else "video"


def is_picture(head: bytes) -> bool:
    """Whether a file that begins so claims to be a picture; a GIF, which may be either, is none."""
    return (
        head.startswith(_IMAGE_MAGIC)
        or head[:4] + head[8:12] == b"RIFFWEBP"
        or (head[4:8] == b"ftyp" and head[8:12] in _IMAGE_BRANDS)
    )


def _is_animated_png(head: bytes) -> bool:
    """Whether `acTL` comes before the picture's data (PNG third edition, 11.3.7)."""
    return head.startswith(b"\x89PNG") and b"acTL" in head.partition(b"IDAT")[0]


def unread_format(head: bytes) -> str:
    """The name of a format that is known and not read, "" of any other."""
    if head[4:12] == b"ftypcrx ":
        return "This camera's raw format"
    if head[8:16] == b"WEBPVP8X" and head[20] & 2:  # the container's flag of animation
        return "An animated WebP"
    start = head.lstrip()[:14].lower()
    return next(
        (name for magic, name in _NAMES if magic in (head[: len(magic)], start[: len(magic)])), ""
    )


def is_container(head: bytes) -> bool:
    """Whether a file that begins so claims to be a container of video."""
    return (
        head.startswith(_CONTAINER_MAGIC + _GIF_MAGIC)
        or head[4:8] in _BOXES
        or head[:4] == b"RIFF"
        or (len(head) > 376 and head[0] == head[188] == head[376] == 0x47)  # MPEG-TS packets
    )


def _frames_in_gif(path: Path, enough: int = 2) -> int:
    """Image blocks of a GIF (GIF89a specification, sections 18-26), counted up to `enough`."""
    with open(path, "rb") as file:
        file.seek(10)
        flags = file.read(1)
        file.seek(13 + _colour_table(flags))
        frames = 0
        while frames < enough:
            block = file.read(1)
            if block == b"\x2c":
                frames += 1
                descriptor = file.read(9)
                file.seek(_colour_table(descriptor[8:]) + 1, 1)
            elif block == b"\x21":
                file.seek(1, 1)
            else:
                break
            while size := file.read(1)[:1]:
                if size == b"\0":
                    break
                file.seek(size[0], 1)
    return frames


def _colour_table(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0
