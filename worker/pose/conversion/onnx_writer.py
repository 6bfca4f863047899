"""Writes ONNX files with numpy alone: the protobuf wire format and a graph builder.

Field numbers are those of onnx.proto3 (ONNX 1.14, IR version 8); the wire format is protobuf's
(varint, 32-bit and length-delimited records). Output is deterministic: equal calls give equal
bytes, so converted files can be pinned.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
# A tensor's name (empty for an optional input left out), or a constant.
Operand: TypeAlias = "str | Array | np.generic"
Attribute: TypeAlias = "float | int | str | Sequence[int]"

# TensorProto.DataType
FLOAT, UINT8, INT8, INT32, INT64, BOOL, FLOAT16 = 1, 2, 3, 6, 7, 9, 10
_DATA_TYPES = {
    np.dtype("float32"): FLOAT,
    np.dtype("uint8"): UINT8,
    np.dtype("int8"): INT8,
    np.dtype("int32"): INT32,
    np.dtype("int64"): INT64,
    np.dtype("bool"): BOOL,
    np.dtype("float16"): FLOAT16,
}
OPSET, IR_VERSION = 17, 8
# Part of the pinned bytes: a new name needs new hashes in the registry.
_PRODUCER = "tinyonnx"
# Equal constants of up to this many elements are stored once.
_SHARED_CONSTANT_SIZE = 64


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(int(value))


def _record(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _tensor_proto(name: str, array: Array) -> bytes:
    data = np.ascontiguousarray(array)
    # ascontiguousarray makes scalars one-dimensional; the pinned files depend on it
    dimensions = b"".join(_integer(1, size) for size in data.shape)
    return (
        dimensions
        + _integer(2, _DATA_TYPES[data.dtype])
        + _record(8, name)
        + _record(9, data.tobytes())
    )


def _attribute_proto(name: str, value: Attribute) -> bytes:
    head = _record(1, name)
    if isinstance(value, float):
        return head + _float(2, value) + _integer(20, 1)
    if isinstance(value, int):
        return head + _integer(3, value) + _integer(20, 2)
    if isinstance(value, str):
        return head + _record(4, value) + _integer(20, 3)
    return head + b"".join(_integer(8, int(item)) for item in value) + _integer(20, 7)


def _value_info(name: str, data_type: int, shape: Sequence[int | str]) -> bytes:
    dimensions = b"".join(
        _record(1, _record(2, size) if isinstance(size, str) else _integer(1, size))
        for size in shape
    )
    return _record(1, name) + _record(
        2, _record(1, _integer(1, data_type) + _record(2, dimensions))
    )


class GraphBuilder:
    """Collects nodes, constants, inputs and outputs of one ONNX graph; tensors have names."""

    def __init__(self, name: str) -> None:
        """Starts an empty graph called `name`."""
        self.name = name
        self._nodes: list[bytes] = []
        self._constants: dict[str, Array] = {}
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, value: Array | np.generic) -> str:
        """Stores `value` as an initialiser and returns its name; small equal constants share one.

        `serialise` raises KeyError if the dtype is not in _DATA_TYPES.
        """
        array = np.asarray(value)
        name = f"c{len(self._constants)}"
        if array.size <= _SHARED_CONSTANT_SIZE:
            known = self._shared.setdefault((array.dtype.str, array.shape, array.tobytes()), name)
            if known != name:
                return known
        self._constants[name] = array
        return name

    def nodes(
        self, operator: str, inputs: Sequence[Operand], count: int, **attributes: Attribute
    ) -> list[str]:
        """Adds a node with `count` outputs and returns their names."""
        number = len(self._nodes) + 1
        outputs = [f"t{number}"] if count == 1 else [f"t{number}_{index}" for index in range(count)]
        self._add(operator, inputs, outputs, attributes)
        return outputs

    def node(self, operator: str, inputs: Sequence[Operand], **attributes: Attribute) -> str:
        """Adds a node with one output and returns its name."""
        return self.nodes(operator, inputs, 1, **attributes)[0]

    def _add(
        self,
        operator: str,
        inputs: Sequence[Operand],
        outputs: Sequence[str],
        attributes: Mapping[str, Attribute],
    ) -> None:
        names = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        encoded = b"".join(_record(1, name) for name in names)
        encoded += b"".join(_record(2, name) for name in outputs)
        encoded += _record(3, f"{operator}_{len(self._nodes) + 1}") + _record(4, operator)
        encoded += b"".join(
            _record(5, _attribute_proto(key, value)) for key, value in attributes.items()
        )
        self._nodes.append(encoded)

    def input(self, name: str, data_type: int, shape: Sequence[int | str]) -> str:
        """Declares a graph input and returns its name; a string in `shape` is a dynamic
        dimension."""
        self._inputs.append(_value_info(name, data_type, shape))
        return name

    def output(self, source: str, name: str, data_type: int, shape: Sequence[int | str]) -> None:
        """Declares the tensor `source` as the graph output `name`."""
        self._add("Identity", [source], [name], {})
        self._outputs.append(_value_info(name, data_type, shape))

    def serialise(self, metadata: Mapping[str, str] | None = None) -> bytes:
        """The graph as bytes of a ModelProto, with `metadata` as its metadata_props."""
        graph = b"".join(_record(1, node) for node in self._nodes) + _record(2, self.name)
        graph += b"".join(_record(5, _tensor_proto(*item)) for item in self._constants.items())
        graph += b"".join(_record(11, value) for value in self._inputs)
        graph += b"".join(_record(12, value) for value in self._outputs)
        model = _integer(1, IR_VERSION) + _record(2, _PRODUCER) + _record(7, graph)
        model += _record(8, _record(1, "") + _integer(2, OPSET))
        for key, value in (metadata or {}).items():
            model += _record(14, _record(1, key) + _record(2, value))
        return model
