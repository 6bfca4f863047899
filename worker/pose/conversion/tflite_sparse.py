"""Unpacks TFLite's sparse tensors (traversal-order format, `SparsityParameters` in schema.fbs).

A tensor is stored as nested levels: first the block grid's axes, then the axes inside a block, in
`traversal_order`. A dense level enumerates all its indices; a compressed one (CSR) lists them as
segments and indices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.pose.conversion.flatbuffer import Table
from worker.pose.conversion.onnx_writer import Array

_INDEX_TYPES: dict[int, type[np.generic]] = {1: np.int32, 2: np.uint16, 3: np.uint8}


@dataclass(frozen=True, slots=True)
class _Level:
    size: int
    # None: a dense level.
    segments: Array | None
    indices: Array

    @classmethod
    def read(cls, table: Table) -> _Level:
        segments, indices = _index_vector(table, 2), _index_vector(table, 4)
        return cls(table.scalar(1, "i"), segments if table.scalar(0, "b") else None, indices)

    def expand(self, coordinates: Array, positions: Array) -> tuple[Array, Array]:
        """Goes one level down: coordinates [n, k] and positions [n] become [m, k + 1] and [m]."""
        if self.segments is None:
            inner = np.tile(np.arange(self.size), len(positions))
            counts: Array = np.full(len(positions), self.size)
            below = np.repeat(positions, self.size) * self.size + inner
        else:
            starts = self.segments[positions]
            counts = self.segments[positions + 1] - starts
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            below = np.repeat(starts, counts) + within
            inner = self.indices[below]
        outer = np.repeat(coordinates, counts, axis=0)
        return np.concatenate([outer, inner[:, None]], axis=1), below


def _index_vector(table: Table, type_field: int) -> Array:
    """A union of int32, uint16 or uint8 vectors: its type, then its value in the next field."""
    vector = table.table(type_field + 1)
    if vector is None:
        return np.zeros(0, np.int64)
    return vector.array(0, _INDEX_TYPES[table.scalar(type_field, "B")]).astype(np.int64)


def densify(values: Array, shape: tuple[int, ...], sparsity: Table) -> Array:
    """The dense tensor of `shape` with the stored `values` [n] where `sparsity` puts them, else
    zero."""
    order = [int(axis) for axis in sparsity.array(0, np.int32)]
    block_map = [int(axis) for axis in sparsity.array(1, np.int32)]
    levels = [_Level.read(table) for table in sparsity.tables(2)]
    coordinates: Array = np.zeros((1, 0), np.int64)
    positions: Array = np.zeros(1, np.int64)
    for level in levels:
        coordinates, positions = level.expand(coordinates, positions)
    rank = len(shape)
    inner = [axis >= rank for axis in order]
    axes = [block_map[axis - rank] if axis >= rank else axis for axis in order]
    blocks = {axis: levels[k].size for k, axis in enumerate(axes) if inner[k]}
    places = np.zeros((len(positions), rank), np.int64)
    for k, axis in enumerate(axes):
        places[:, axis] += coordinates[:, k] * (1 if inner[k] else blocks.get(axis, 1))
    dense: Array = np.zeros(shape, values.dtype)
    dense[tuple(places.T)] = values[positions]
    return dense
