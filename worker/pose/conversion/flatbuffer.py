"""Reads FlatBuffers tables without generated code.

Format: a table starts with a signed offset back to its vtable; the vtable holds its own length, the
table's, then one 16-bit field offset each (0: the field is absent and has its default). All numbers
are little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from worker.pose.conversion.onnx_writer import Array


@dataclass(frozen=True, slots=True)
class Table:
    """The table at `position` of `data`; fields are identified by their number in the schema."""

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The buffer's root table. Raises struct.error if there are no four bytes."""
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def _offset(self, field: int) -> int:
        vtable = self.position - struct.unpack_from("<i", self.data, self.position)[0]
        entry = 4 + 2 * field
        if entry >= struct.unpack_from("<H", self.data, vtable)[0]:
            return 0
        return int(struct.unpack_from("<H", self.data, vtable + entry)[0])

    def _target(self, field: int) -> int | None:
        offset = self._offset(field)
        if not offset:
            return None
        reference = self.position + offset
        return int(reference + struct.unpack_from("<I", self.data, reference)[0])

    def scalar(self, field: int, code: str, default: int = 0) -> Any:
        """A number or boolean; `code` is its `struct` format character."""
        offset = self._offset(field)
        return (
            struct.unpack_from("<" + code, self.data, self.position + offset)[0]
            if offset
            else default
        )

    def table(self, field: int) -> Table | None:
        """A table inside this one, or None."""
        target = self._target(field)
        return None if target is None else Table(self.data, target)

    def tables(self, field: int) -> list[Table]:
        """A vector of tables; empty if absent."""
        start = self._target(field)
        if start is None:
            return []
        places = range(start + 4, start + 4 + 4 * struct.unpack_from("<I", self.data, start)[0], 4)
        return [
            Table(self.data, place + struct.unpack_from("<I", self.data, place)[0])
            for place in places
        ]

    def array(self, field: int, dtype: DTypeLike) -> Array:
        """A vector of numbers; empty if absent."""
        start = self._target(field)
        if start is None:
            return np.zeros(0, dtype)
        return np.frombuffer(
            self.data, dtype, struct.unpack_from("<I", self.data, start)[0], start + 4
        )

    def text(self, field: int) -> str:
        """A string; empty if absent."""
        return self.array(field, np.uint8).tobytes().decode()
