"""A growing list kept as JSON in a temporary file, so that it is never in memory as a whole."""

from __future__ import annotations

import operator
import tempfile
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item", bound=msgspec.Struct)

MOST_IN_MEMORY = 1 << 20
"""Bytes above which the list is on disk."""
_BLOCK = 1 << 16


class SpooledList(Generic[Item]):
    """A list of structs of one kind, encoded as they are added; its JSON is that of a plain
    list."""

    def __init__(self, kind: type[Item]) -> None:
        self._kind = kind
        self._file = tempfile.SpooledTemporaryFile(max_size=MOST_IN_MEMORY)  # noqa: SIM115
        self._count = 0
        self._encoder = msgspec.json.Encoder()
        self.bytes = 2
        """Length of the list as JSON, in bytes."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        """Decodes all items at once: for short lists and tests."""
        yield from msgspec.json.decode(self.whole(), type=list[self._kind])  # type: ignore[name-defined]

    def __getitem__(self, place: int) -> Item:
        return list(self)[place]

    def __eq__(self, other: object) -> bool:
        """Whether `other` holds the same items in the same order."""
        if not isinstance(other, (SpooledList, tuple, list)):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def extend(self, items: Sequence[Item]) -> None:
        """Adds items at the end."""
        if not items:
            return
        text = self._encoder.encode(items)[1:-1]
        piece = b"," + text if self._count else text
        self._file.seek(0, 2)
        self._file.write(piece)
        self.bytes += len(piece)
        self._count += len(items)

    def pieces(self) -> Iterator[bytes]:
        """The list as JSON, a block at a time."""
        yield b"["
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            yield block
        yield b"]"

    def whole(self) -> bytes:
        """The list as JSON, in memory."""
        return b"".join(self.pieces())


def encoded(value: object) -> msgspec.Raw:
    """`enc_hook` of a JSON encoder: a SpooledList's JSON; raises NotImplementedError otherwise."""
    if isinstance(value, SpooledList):
        return msgspec.Raw(value.whole())
    raise NotImplementedError(f"cannot encode {type(value).__name__}")
