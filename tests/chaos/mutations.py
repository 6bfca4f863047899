"""Ways to spoil a file, each from a seeded generator: the same seed spoils the same way."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytearray, Sequence[bytes]], bytearray]

_EDGES = (0, 1, 7, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_BOXES = re.compile(
    rb"ftyp|moov|mvhd|trak|tkhd|edts|elst|mdia|mdhd|hdlr|minf|stbl|stsd|stts|ctts|stsc|stsz|stco"
    rb"|co64|stss|avcC|hvcC|colr|pasp|mdat|udta|meta|ilst|moof|traf|trun|tfhd|sidx"
)
_TABLES = re.compile(rb"stts|ctts|stsc|stsz|stco|co64|stss|elst|stsd|trun|sidx")
_MAGIC = (
    b"\x1aE\xdf\xa3", b"RIFF\xff\xff\xff\x7fAVI LIST", b"OggS\0\2", b"FLV\1\5\0\0\0\t", b"GIF89a",
    b"\0\0\0\x18ftypheic", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0", b"#EXTM3U\n",
    b"ffconcat version 1.0\n", b"<?xml version='1.0'?><svg ", b"RIFF\0\0\0\0WEBPVP8 ",
)  # fmt: skip


def _span(random: Random, data: bytearray, most: int = 4096) -> tuple[int, int]:
    start = random.randrange(len(data))
    return start, min(len(data), start + random.randint(1, most))


def flipped_bits(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """1 to 200 bits anywhere."""
    for _number in range(random.randint(1, 200)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data


def noise(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """A run of random bytes."""
    start, end = _span(random, data)
    data[start:end] = random.randbytes(end - start)
    return data


def cut(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """The end is missing."""
    return data[: random.randrange(len(data))]


def hole(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """A run is missing: what follows lies too early."""
    start, end = _span(random, data)
    del data[start:end]
    return data


def doubled(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """A run is there twice: what follows lies too late."""
    start, end = _span(random, data)
    data[end:end] = data[start:end]
    return data


def zeros(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """A run of zeros."""
    start, end = _span(random, data)
    data[start:end] = bytes(end - start)
    return data


def swapped(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Two runs in each other's place."""
    size = random.randint(1, max(1, len(data) // 4))
    one = random.randrange(max(1, len(data) - size))
    other = random.randrange(max(1, len(data) - size))
    data[one : one + size], data[other : other + size] = (
        data[other : other + size],
        data[one : one + size],
    )
    return data


def spliced(random: Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:
    """The beginning of this file and the end of another."""
    other = random.choice(seeds)
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def numbers(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Up to 8 words of 2, 4 or 8 bytes at the edges of what they hold, either byte order."""
    for _number in range(random.randint(1, 8)):
        form = random.choice("HIQ")
        size = struct.calcsize(form)
        if len(data) > size:
            value = random.choice(_EDGES) & ((1 << 8 * size) - 1)
            struct.pack_into(
                random.choice("<>") + form, data, random.randrange(len(data) - size), value
            )
    return data


def _at(random: Random, data: bytearray, what: re.Pattern[bytes]) -> int | None:
    found = [match.start() for match in what.finditer(data) if match.start() >= 4]
    return random.choice(found) if found else None


def boxes(random: Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:
    """A box of an MP4 lies about its size, or is another."""
    place = _at(random, data, _BOXES)
    if place is None:
        return numbers(random, data, seeds)
    if random.random() < 0.7:
        struct.pack_into(">I", data, place - 4, random.choice((*_EDGES, random.getrandbits(32))))
    else:
        data[place : place + 4] = random.choice(
            (b"moov", b"trak", b"free", b"stsd", b"dref", b"elst")
        )
    return data


def tables(random: Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:
    """A table of an MP4 has another number of rows, or rows at the edges."""
    place = _at(random, data, _TABLES)
    if place is None or place + 24 > len(data):
        return numbers(random, data, seeds)
    for at in random.sample((8, 12, 16), random.randint(1, 3)):
        struct.pack_into(">I", data, place + at, random.choice((*_EDGES, 100_000_000)))
    return data


def header(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Random bytes among the first 64."""
    for _number in range(random.randint(1, 16)):
        data[random.randrange(min(64, len(data)))] = random.randrange(256)
    return data


def disguised(random: Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Another format's first bytes, before the file or over it."""
    magic = random.choice(_MAGIC)
    return bytearray(magic) + (data if random.random() < 0.5 else data[len(magic) :])


def garbage(random: Random, _data: bytearray, _: Sequence[bytes]) -> bytearray:
    """A format's first bytes and then nothing but noise."""
    return bytearray(random.choice(_MAGIC)) + random.randbytes(random.randint(0, 20_000))


MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        flipped_bits, noise, cut, hole, doubled, zeros, swapped, spliced, numbers, boxes, tables,
        header, disguised, garbage,
    )
}  # fmt: skip
"""The classes, by name."""


def spoiled(random: Random, name: str, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """`data` after the mutation `name`; one in four times a second one comes on top."""
    found = MUTATIONS[name](random, bytearray(data), seeds)
    if found and random.random() < 0.25:
        found = random.choice(list(MUTATIONS.values()))(random, found, seeds)
    return bytes(found)
