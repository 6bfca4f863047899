"""ONNX graphs written as arithmetic: each operation on a tensor adds a node to its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from worker.pose.conversion.onnx_writer import FLOAT, Array, Attribute, GraphBuilder, Operand

Value: TypeAlias = "Tensor | Array | np.generic"


def real(value: float | Array) -> Array:
    """A float32 constant; a number gives a scalar."""
    return np.asarray(value, np.float32)


def integers(*values: int) -> Array:
    """An int64 vector, the form that ONNX takes shapes, axes and slices in."""
    return np.asarray(values, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor of a graph; operators add nodes.

    Broadcasting is that of ONNX and numpy; constants may stand on either side.
    """

    graph: GraphBuilder
    name: str
    # makes numpy leave `array - tensor` to this class
    __array_ufunc__: ClassVar[None] = None

    def node(self, operator: str, *operands: Value, **attributes: Attribute) -> Tensor:
        """Adds a node whose first input is this tensor."""
        inputs = [self.name, *(_operand(value) for value in operands)]
        return Tensor(self.graph, self.graph.node(operator, inputs, **attributes))

    def __add__(self, other: Value) -> Tensor:
        """Sum."""
        return self.node("Add", other)

    def __sub__(self, other: Value) -> Tensor:
        """Difference."""
        return self.node("Sub", other)

    def __rsub__(self, other: Array) -> Tensor:
        """Difference from a constant."""
        return Tensor(self.graph, self.graph.node("Sub", [other, self.name]))

    def __mul__(self, other: Value) -> Tensor:
        """Product."""
        return self.node("Mul", other)

    def __truediv__(self, other: Value) -> Tensor:
        """Quotient of floats."""
        return self.node("Div", other)

    def __floordiv__(self, other: Value) -> Tensor:
        """Quotient of integers (ONNX Div truncates; the values here are never negative)."""
        return self.node("Div", other)

    def __mod__(self, other: Value) -> Tensor:
        """Remainder of integers."""
        return self.node("Mod", other)

    def to_float(self) -> Tensor:
        """The tensor as float32."""
        return self.node("Cast", to=FLOAT)

    def reshape(self, *shape: int) -> Tensor:
        """Reshape; 0 keeps a dimension and -1 takes what is left."""
        return self.node("Reshape", integers(*shape))

    def transpose(self, *axes: int) -> Tensor:
        """Permute the axes."""
        return self.node("Transpose", perm=axes)

    def expand(self, *shape: int) -> Tensor:
        """Broadcasts to `shape`; 1 keeps a dimension."""
        return self.node("Expand", integers(*shape))

    def squeeze(self, axis: int) -> Tensor:
        """Drop an axis of length 1."""
        return self.node("Squeeze", integers(axis))

    def unsqueeze(self, axis: int) -> Tensor:
        """Add an axis of length 1."""
        return self.node("Unsqueeze", integers(axis))

    def size(self, axis: int) -> Tensor:
        """Element `axis` of a shape tensor, as an int64 vector of length 1."""
        return self.node("Slice", integers(axis), integers(axis + 1), integers(0))

    def gather(self, indices: Tensor, axis: int) -> Tensor:
        """Takes elements along `axis` by `indices` (GatherElements)."""
        return self.node("GatherElements", indices, axis=axis)

    def argmax(self, axis: int) -> Tensor:
        """Index of the first largest element, the axis kept with length 1."""
        return self.node("ArgMax", axis=axis, keepdims=1)

    def sum(self, axis: int) -> Tensor:
        """Sum along `axis`, which is dropped."""
        return self.node("ReduceSum", integers(axis), keepdims=0)

    def split(self, *sizes: int, axis: int) -> tuple[Tensor, ...]:
        """Splits into parts of the given lengths along `axis`."""
        names = self.graph.nodes("Split", [self.name, integers(*sizes)], len(sizes), axis=axis)
        return tuple(Tensor(self.graph, name) for name in names)

    def output(self, name: str, shape: Sequence[int | str]) -> None:
        """Declares the tensor as a float32 output of its graph."""
        self.graph.output(self.name, name, FLOAT, shape)


def _operand(value: Value) -> Operand:
    return value.name if isinstance(value, Tensor) else value


def concatenate(parts: Sequence[Tensor], axis: int) -> Tensor:
    """Joins `parts` (at least one) along `axis`."""
    return parts[0].node("Concat", *parts[1:], axis=axis)


def count_up(limit: Tensor) -> Tensor:
    """0, 1, ... `limit` - 1 as int64; `limit` is an int64 scalar."""
    zero, one = np.int64(0), np.int64(1)
    return Tensor(limit.graph, limit.graph.node("Range", [zero, limit.name, one]))
