"""Emits the convolutional backbone of a network in NCHW, whatever format it was read from.

TensorFlow pads "SAME" so that the output has ceil(size / stride) cells, the odd cell at the end
(TensorFlow's `nn` padding notes); ONNX wants numbers. They depend on the size only through its
parity, so a backbone traced at one even size holds for every multiple of its total stride.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.graph_expressions import Tensor, real
from worker.pose.conversion.onnx_writer import FLOAT, UINT8, Array, GraphBuilder

Size = tuple[int, int]
# Weights up to this many elements stay float32: the cast would cost more than it saves.
_SMALL_WEIGHT = 64


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution to emit: kernel [out, in / groups, h, w], bias [out].

    `same` is TensorFlow's SAME padding.
    """

    kernel: Array
    bias: Array | None
    strides: Size
    same: bool
    depthwise: bool
    activation: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The last layer of a head (1 x 1), computed only at the few cells where it is needed.

    `features` are its input, NCHW.
    """

    trunk: Trunk
    features: Tensor
    layer: Convolution

    def at(self, cells: Tensor, count: int) -> Tensor:
        """Channels of each of `count` groups at a cell of its own, float32 [N, count, channels].

        `cells` int64 [N, 1, count] are numbered row by row.
        """
        outputs, inputs = self.layer.kernel.shape[:2]
        kernel = self.layer.kernel.reshape(count, outputs // count, inputs)
        picked = self.trunk.pick(self.features, cells, inputs).transpose(0, 2, 1).unsqueeze(2)
        projected = (picked * real(kernel)).sum(3)
        bias = self.layer.bias
        return projected if bias is None else projected + real(bias.reshape(count, -1))


def same_padding(size: Sequence[int], kernel: Sequence[int], strides: Sequence[int]) -> list[int]:
    """ONNX pads [top, left, bottom, right] of SAME padding; arguments are (h, w)."""
    totals = [
        max((-(-length // stride) - 1) * stride + extent - length, 0)
        for length, extent, stride in zip(size, kernel, strides, strict=True)
    ]
    return [total // 2 for total in totals] + [total - total // 2 for total in totals]


class Trunk:
    """Adds NCHW layers of a backbone to a graph, in float32."""

    def __init__(self, graph: GraphBuilder) -> None:
        """Emit into `graph`."""
        self.graph = graph

    def weight(self, values: Array) -> Tensor:
        """A float32 weight, stored as float16 where that is lossless; the runtime folds the cast
        away."""
        array = np.ascontiguousarray(values, dtype=np.float32)
        if array.size > _SMALL_WEIGHT:
            half = array.astype(np.float16)
            if np.array_equal(half.astype(np.float32), array):
                return Tensor(
                    self.graph, self.graph.node("Cast", [self.graph.constant(half)], to=FLOAT)
                )
        return Tensor(self.graph, self.graph.constant(array))

    def image(self, scale: ArrayLike, bias: ArrayLike, shape: Sequence[int | str]) -> Tensor:
        """The graph's input `image`, uint8 RGB of NHWC `shape`, as NCHW float32 times `scale` plus
        `bias`."""
        pixels = Tensor(self.graph, self.graph.input("image", UINT8, shape))
        scaled = pixels.to_float().transpose(0, 3, 1, 2) * np.asarray(scale, np.float32)
        return scaled + np.asarray(bias, np.float32) if np.any(bias) else scaled

    def activate(self, value: Tensor, activation: str | None) -> Tensor:
        """Apply None, "Relu" or "Relu6"; raises ConversionError for another name."""
        if activation is None:
            return value
        if activation == "Relu":
            return value.node("Relu")
        if activation == "Relu6":
            return value.node("Clip", real(0), real(6))
        raise ConversionError(f"activation {activation} is not known")

    def convolve(
        self, value: Tensor, layer: Convolution, size: Sequence[int]
    ) -> tuple[Tensor, Size]:
        """Emits `layer` on a `value` traced at `size` (h, w); returns the result and its traced
        size."""
        kernel, strides = layer.kernel.shape[2:], layer.strides
        pads = same_padding(size, kernel, strides) if layer.same else [0, 0, 0, 0]
        weights = [layer.kernel] if layer.bias is None else [layer.kernel, layer.bias]
        output = value.node(
            "Conv",
            *(self.weight(values) for values in weights),
            kernel_shape=kernel,
            strides=strides,
            pads=pads,
            group=layer.kernel.shape[0] if layer.depthwise else 1,
        )
        return self.activate(output, layer.activation), self.traced_size(layer, size, pads)

    def project(
        self, value: Tensor, layer: Convolution, size: Sequence[int]
    ) -> tuple[Tensor, Size]:
        """Emits `layer` as the last one of a head; returns the result and its traced size."""
        return self.convolve(value, layer, size)

    def projection(self, value: Tensor, layer: Convolution, size: Sequence[int]) -> Projection:
        """`layer` as the last one of a head, to be computed at a few cells only.

        Raises ConversionError for a layer that is not 1 x 1 or has an activation.
        """
        del size
        if layer.kernel.shape[2:] != (1, 1) or layer.activation:
            raise ConversionError("the last layer of a head is not a projection")
        return Projection(self, value, layer)

    def pick(self, value: Tensor, cells: Tensor, channels: int) -> Tensor:
        """Values of `value` [N, channels, H, W] at `cells` int64 [N, 1, K]: float32 [N, channels,
        K]."""
        places = cells.expand(1, channels, 1)
        return value.reshape(0, channels, -1).gather(places, axis=2)

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        """Emit the sum of two layers."""
        return left + right

    @staticmethod
    def traced_size(layer: Convolution, size: Sequence[int], pads: Sequence[int]) -> Size:
        """The size (h, w) of the output of `layer` for an input of `size`."""
        height, width = (
            (size[axis] + pads[axis] + pads[axis + 2] - layer.kernel.shape[2 + axis])
            // layer.strides[axis]
            + 1
            for axis in (0, 1)
        )
        return height, width

    def resize(
        self, value: Tensor, scale: Sequence[float], half_pixel: bool, align: bool
    ) -> Tensor:
        """Bilinear resize by `scale` (h, w) with TensorFlow's coordinate options."""
        mode = "align_corners" if align else "half_pixel" if half_pixel else "asymmetric"
        name = self.graph.node(
            "Resize",
            [value.name, "", real(np.array([1, 1, *scale]))],
            mode="linear",
            coordinate_transformation_mode=mode,
        )
        return Tensor(self.graph, name)
