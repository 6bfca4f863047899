"""A backbone in 8 bits, in the QDQ form of ONNX Runtime's quantisation format.

Each layer is followed by a QuantizeLinear and a DequantizeLinear node, which the runtime fuses into
integer kernels. Weights: int8, symmetric, one scale per output channel. Activations: uint8, with
the range measured in calibration; a ReLU or ReLU6 is the saturation at the ends of the range. Two
layers stay in float32: the first (an integer kernel of 3 channels is slower) and the last of each
head (one step of a regression over the whole picture would be half a cell). Method: Jacob et al.
2018, section 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np

from worker.pose.conversion.backbone import Convolution, Projection, Size, Trunk, same_padding
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.graph_expressions import Tensor
from worker.pose.conversion.onnx_writer import Array, GraphBuilder

Range = tuple[float, float]
_RELU6 = 6.0


def read_ranges(name: str) -> list[Range]:
    """Calibrated ranges (low, high) of a network's layers, in the order in which it is traced.

    `tests/bench/calibrate.py` measures them, and says on what. Raises ConversionError where they
    are missing.
    """
    source = files(__package__).joinpath(f"{name}_ranges.json")
    try:
        return [(float(low), float(high)) for low, high in json.loads(source.read_text())["ranges"]]
    except (OSError, KeyError, ValueError) as error:
        raise ConversionError(f"no calibrated ranges of {name}: {error}") from error


def calibrated(name: str, block: int = 1) -> Callable[[GraphBuilder], QuantisedTrunk]:
    """A factory of 8-bit backbones for `name`; reads the ranges when it is called."""
    return lambda graph: QuantisedTrunk(graph, read_ranges(name), block)


@dataclass(frozen=True, slots=True)
class Grid8:
    """The 256 values of an activation, `(q - zero) * scale`; float32 and uint8 scalars."""

    scale: np.float32
    zero: np.uint8

    @classmethod
    def over(cls, low: float, high: float) -> Grid8:
        """The grid over a range, widened to contain 0, which padding needs exactly."""
        low, high = min(low, 0.0), max(high, 1e-3)
        scale = np.float32((high - low) / 255)
        return cls(scale, np.uint8(np.clip(np.rint(-low / scale), 0, 255)))


class QuantisedTrunk(Trunk):
    """Emits layers in 8 bits by `ranges`, one for each layer in the order of the calls.

    The first layer gets zero channels up to a multiple of `block`, and so do depthwise layers after
    it; the network must have a layer across channels behind them, which drops the zeros.
    """

    def __init__(self, graph: GraphBuilder, ranges: Sequence[Range], block: int = 1) -> None:
        super().__init__(graph)
        self._block = block
        self._ranges = iter(ranges)
        self._grids: dict[str, Grid8] = {}
        self._steps: dict[str, Tensor] = {}
        self._channels: dict[str, int] = {}

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        """Emits the sum of two layers."""
        return self._snapped(super().add(left, right), Grid8.over(*self._next()))

    def resize(
        self, value: Tensor, scale: Sequence[float], half_pixel: bool, align: bool
    ) -> Tensor:
        """Emits a bilinear resize, which keeps the grid of its input."""
        self._next()
        resized = super().resize(value, scale, half_pixel, align)
        grid = self._grids.get(value.name)
        return self._snapped(resized, grid) if grid else resized

    def convolve(
        self, value: Tensor, layer: Convolution, size: Sequence[int]
    ) -> tuple[Tensor, Size]:
        """Emits `layer`, in 8 bits where its input is; the result is in 8 bits either way."""
        low, high = self._next()
        grid = self._grids.get(value.name)
        layer = self._widened(value, layer, first=grid is None)
        if grid is None:
            output, traced = super().convolve(value, layer, size)
            return self._counted(self._snapped(output, Grid8.over(low, high)), layer), traced
        if layer.activation:
            low = 0.0
            high = min(high, _RELU6) if layer.activation == "Relu6" else high
        pads = same_padding(size, layer.kernel.shape[2:], layer.strides) if layer.same else [0] * 4
        output = value.node(
            "Conv",
            *self._weights(layer, grid),
            kernel_shape=layer.kernel.shape[2:],
            strides=layer.strides,
            pads=pads,
            group=layer.kernel.shape[0] if layer.depthwise else 1,
        )
        snapped = self._snapped(output, Grid8.over(low, high))
        return self._counted(snapped, layer), self.traced_size(layer, size, pads)

    def project(
        self, value: Tensor, layer: Convolution, size: Sequence[int]
    ) -> tuple[Tensor, Size]:
        """Emits the last layer of a head in float32."""
        self._next()
        return super().convolve(value, self._widened(value, layer, first=False), size)

    def projection(self, value: Tensor, layer: Convolution, size: Sequence[int]) -> Projection:
        """The last layer of a head, to be computed in float32 at a few cells only."""
        self._next()
        return super().projection(value, self._widened(value, layer, first=False), size)

    def pick(self, value: Tensor, cells: Tensor, channels: int) -> Tensor:
        """Picks 8-bit steps and dequantises them, which is cheaper than the other order."""
        grid = self._grids[value.name]
        picked = super().pick(self._steps[value.name], cells, channels)
        return picked.node("DequantizeLinear", grid.scale, grid.zero)

    def _widened(self, value: Tensor, layer: Convolution, *, first: bool) -> Convolution:
        """The layer for as many channels as its input has; the `first` has whole blocks of
        outputs."""
        outputs, inputs = layer.kernel.shape[:2]
        given = self._channels.get(value.name, outputs if layer.depthwise else inputs)
        wide = (
            given
            if layer.depthwise
            else -(-outputs // self._block) * self._block
            if first
            else outputs
        )
        more = 0 if layer.depthwise else given - inputs
        bias = layer.bias
        return replace(
            layer,
            kernel=np.pad(layer.kernel, ((0, wide - outputs), (0, more), (0, 0), (0, 0))),
            bias=None if bias is None else np.pad(bias, (0, wide - outputs)),
        )

    def _counted(self, value: Tensor, layer: Convolution) -> Tensor:
        self._channels[value.name] = len(layer.kernel)
        return value

    def _next(self) -> Range:
        try:
            return next(self._ranges)
        except StopIteration:
            raise ConversionError("fewer calibrated ranges than layers") from None

    def _snapped(self, value: Tensor, grid: Grid8) -> Tensor:
        steps = value.node("QuantizeLinear", grid.scale, grid.zero)
        result = steps.node("DequantizeLinear", grid.scale, grid.zero)
        self._grids[result.name], self._steps[result.name] = grid, steps
        return result

    def _weights(self, layer: Convolution, grid: Grid8) -> list[Tensor]:
        kernel = layer.kernel.astype(np.float32)
        channels = len(kernel)
        largest = np.abs(kernel).reshape(channels, -1).max(axis=1)
        scales = np.maximum(largest, np.float32(1e-8)) / np.float32(127)
        steps = np.rint(kernel / scales.reshape(-1, 1, 1, 1)).astype(np.int8)
        # the integer kernel adds the bias to its sums, so both have the same scale
        sums = grid.scale * scales
        bias = np.zeros(channels, np.float32) if layer.bias is None else layer.bias
        whole = np.rint(bias.astype(np.float64) / sums).astype(np.int32)
        return [self._stored(steps, scales), self._stored(whole, sums)]

    def _stored(self, steps: Array, scales: Array) -> Tensor:
        zeros = np.zeros(len(scales), steps.dtype)
        return Tensor(
            self.graph, self.graph.node("DequantizeLinear", [steps, scales, zeros], axis=0)
        )


class ObservedTrunk(Trunk):
    """A float32 backbone that outputs the result of every layer, for calibration.

    `layers` are the names of these outputs, in the order of the ranges of `QuantisedTrunk`.
    """

    def __init__(self, graph: GraphBuilder) -> None:
        super().__init__(graph)
        self.layers: list[str] = []

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        """Emits the sum of two layers, and outputs it."""
        return self._shown(super().add(left, right))

    def resize(
        self, value: Tensor, scale: Sequence[float], half_pixel: bool, align: bool
    ) -> Tensor:
        """Emits a bilinear resize, and outputs it."""
        return self._shown(super().resize(value, scale, half_pixel, align))

    def convolve(
        self, value: Tensor, layer: Convolution, size: Sequence[int]
    ) -> tuple[Tensor, Size]:
        """Emits a convolution, and outputs it."""
        output, traced = super().convolve(value, layer, size)
        return self._shown(output), traced

    def projection(self, value: Tensor, layer: Convolution, size: Sequence[int]) -> Projection:
        """The last layer of a head; also outputs its result at all cells."""
        self.convolve(value, layer, size)
        return super().projection(value, layer, size)

    def _shown(self, value: Tensor) -> Tensor:
        name = f"layer_{len(self.layers)}"
        value.output(name, ["n", "c", f"h_{name}", f"w_{name}"])
        self.layers.append(name)
        return value
