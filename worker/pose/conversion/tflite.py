"""Reads a TensorFlow Lite model: tensors (constants unpacked) and operators of its first subgraph.

Field numbers are those of TensorFlow's `tensorflow/lite/schema/schema.fbs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.flatbuffer import Table
from worker.pose.conversion.onnx_writer import Array
from worker.pose.conversion.tflite_sparse import densify

_TENSOR_TYPES: dict[int, type[np.generic]] = {
    0: np.float32,
    1: np.float16,
    2: np.int32,
    3: np.uint8,
    4: np.int64,
    6: np.bool_,
    9: np.int8,
}
_OPERATORS = {
    0: "ADD",
    2: "CONCATENATION",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    5: "DEPTH_TO_SPACE",
    6: "DEQUANTIZE",
    14: "LOGISTIC",
    17: "MAX_POOL_2D",
    19: "RELU",
    21: "RELU6",
    22: "RESHAPE",
    23: "RESIZE_BILINEAR",
    34: "PAD",
    124: "DENSIFY",
}
# ActivationFunctionType, and the names that `Trunk.activate` takes.
ACTIVATIONS = {0: None, 1: "Relu", 3: "Relu6"}


@dataclass(frozen=True, slots=True, eq=False)
class TfliteTensor:
    """A tensor of a model; `data` is None unless it is a constant."""

    name: str
    shape: tuple[int, ...]
    data: Array | None


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator; inputs and outputs are tensor numbers (-1: an optional input left out)."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None

    def option(self, field: int, code: str, default: int = 0) -> Any:
        """A field of the operator's options table; `code` is its `struct` format character."""
        return default if self.options is None else self.options.scalar(field, code, default)

    def activation(self, field: int) -> str | None:
        """The fused activation; raises ConversionError for one other than none, ReLU and ReLU6."""
        code = self.option(field, "b")
        if code not in ACTIVATIONS:
            raise ConversionError(f"{self.name}: activation {code} is not known")
        return ACTIVATIONS[code]


@dataclass(frozen=True, slots=True)
class TfliteModel:
    """The first subgraph of a model file; operators are in execution order."""

    tensors: tuple[TfliteTensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @classmethod
    def read(cls, data: bytes) -> TfliteModel:
        """Parses the bytes of a model file; raises ConversionError for an unknown tensor type."""
        model = Table.root(data)
        graph, buffers = model.tables(2)[0], model.tables(4)
        # Codes above 127 are in a newer, wider field.
        codes = [max(code.scalar(0, "b"), code.scalar(3, "i")) for code in model.tables(1)]
        return cls(
            tensors=tuple(_tensor(table, buffers) for table in graph.tables(0)),
            operators=tuple(_operator(table, codes) for table in graph.tables(3)),
            inputs=_numbers(graph, 1),
            outputs=_numbers(graph, 2),
        )

    def constants(self) -> dict[int, Array]:
        """The constant tensors by number."""
        return {k: tensor.data for k, tensor in enumerate(self.tensors) if tensor.data is not None}


def _numbers(table: Table, field: int) -> tuple[int, ...]:
    return tuple(int(value) for value in table.array(field, np.int32))


def _operator(table: Table, codes: list[int]) -> Operator:
    code = codes[table.scalar(0, "I")]
    return Operator(
        name=_OPERATORS.get(code, f"operator {code}"),
        inputs=_numbers(table, 1),
        outputs=_numbers(table, 2),
        options=table.table(4),
    )


def _tensor(table: Table, buffers: list[Table]) -> TfliteTensor:
    shape, kind = _numbers(table, 0), table.scalar(1, "b")
    raw = buffers[table.scalar(2, "I")].array(0, np.uint8)
    data: Array | None = None
    if raw.size:
        if kind not in _TENSOR_TYPES:
            raise ConversionError(f"tensor {table.text(3)!r}: type {kind} is not known")
        values: Array = np.frombuffer(raw.tobytes(), _TENSOR_TYPES[kind])
        sparsity = table.table(6)
        data = densify(values, shape, sparsity) if sparsity else values.reshape(shape)
    return TfliteTensor(table.text(3), shape, data)
