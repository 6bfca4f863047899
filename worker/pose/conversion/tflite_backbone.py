"""Emits every operator of a TFLite convolutional network as a backbone.

Values stay NCHW until a RESHAPE flattens them, so shapes read from the file (NHWC) are permuted
here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from worker.pose.conversion.backbone import Convolution, Trunk, same_padding
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.graph_expressions import Tensor, concatenate, integers, real
from worker.pose.conversion.onnx_writer import Array
from worker.pose.conversion.tflite import Operator, TfliteModel

# Where NHWC axes lie in NCHW.
_NCHW_AXIS = {0: 0, 1: 2, 2: 3, 3: 1}


def read_convolution(operator: Operator, constants: dict[int, Array]) -> Convolution:
    """A CONV_2D or DEPTHWISE_CONV_2D with its weights; raises ConversionError if it is dilated."""
    depthwise = operator.name == "DEPTHWISE_CONV_2D"
    if operator.option(5 if depthwise else 4, "i", 1) != 1:
        raise ConversionError("dilated convolutions are not known")
    kernel = constants[operator.inputs[1]]
    has_bias = len(operator.inputs) > 2 and operator.inputs[2] >= 0
    return Convolution(
        kernel=kernel.transpose(3, 0, 1, 2) if depthwise else kernel.transpose(0, 3, 1, 2),
        bias=constants[operator.inputs[2]] if has_bias else None,
        strides=(operator.option(2, "i"), operator.option(1, "i")),
        same=operator.option(0, "b") == 0,
        depthwise=depthwise,
        activation=operator.activation(4 if depthwise else 3),
    )


class TfliteTrunk:
    """Emits the operators of a model in order; keeps the emitted tensors by number."""

    def __init__(self, model: TfliteModel, trunk: Trunk, image: Tensor) -> None:
        """Emits `model` into `trunk`, with `image` (NCHW) as its only input."""
        self.model = model
        self.trunk = trunk
        self.values = {model.inputs[0]: image}
        self.constants = model.constants()
        self._emitters: dict[str, Callable[[Operator], Tensor]] = {
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._convolution,
            "ADD": self._add,
            "PAD": self._pad,
            "MAX_POOL_2D": self._max_pool,
            "RESIZE_BILINEAR": self._resize,
            "LOGISTIC": lambda operator: self._first(operator).node("Sigmoid"),
            "RELU": lambda operator: self.trunk.activate(self._first(operator), "Relu"),
            "RELU6": lambda operator: self.trunk.activate(self._first(operator), "Relu6"),
            "DEPTH_TO_SPACE": self._depth_to_space,
            "RESHAPE": self._reshape,
            "CONCATENATION": self._concatenate,
        }

    def emit(self) -> dict[tuple[int, ...], Tensor]:
        """Emits all operators; returns the outputs by their NHWC shape without the batch.

        Raises ConversionError for an unsupported operator.
        """
        for operator in self.model.operators:
            if operator.name in ("DEQUANTIZE", "DENSIFY"):
                # sparse tensors were unpacked when the model was read
                stored = self.constants[operator.inputs[0]]
                self.constants[operator.outputs[0]] = stored.astype(np.float32)
            elif operator.name in self._emitters:
                self.values[operator.outputs[0]] = self._emitters[operator.name](operator)
            else:
                raise ConversionError(f"{operator.name} is not known")
        return {self._shape(number)[1:]: self.values[number] for number in self.model.outputs}

    def _shape(self, number: int) -> tuple[int, ...]:
        return self.model.tensors[number].shape

    def _first(self, operator: Operator) -> Tensor:
        return self.values[operator.inputs[0]]

    def _convolution(self, operator: Operator) -> Tensor:
        layer = read_convolution(operator, self.constants)
        return self.trunk.convolve(
            self._first(operator), layer, self._shape(operator.inputs[0])[1:3]
        )[0]

    def _add(self, operator: Operator) -> Tensor:
        left, right = (
            self.values[number]
            if number in self.values
            else self.trunk.weight(self.constants[number].reshape(1, -1, 1, 1))
            for number in operator.inputs
        )
        return self.trunk.activate(left + right, operator.activation(0))

    def _pad(self, operator: Operator) -> Tensor:
        pairs = self.constants[operator.inputs[1]].reshape(-1, 2)[[0, 3, 1, 2]]
        return self._first(operator).node("Pad", integers(*pairs.T.reshape(-1)), real(0))

    def _max_pool(self, operator: Operator) -> Tensor:
        kernel = [operator.option(4, "i"), operator.option(3, "i")]
        strides = [operator.option(2, "i"), operator.option(1, "i")]
        size = self._shape(operator.inputs[0])[1:3]
        pads = same_padding(size, kernel, strides) if operator.option(0, "b") == 0 else [0, 0, 0, 0]
        pooled = self._first(operator).node(
            "MaxPool", kernel_shape=kernel, strides=strides, pads=pads
        )
        return self.trunk.activate(pooled, operator.activation(5))

    def _resize(self, operator: Operator) -> Tensor:
        before, after = self._shape(operator.inputs[0]), self._shape(operator.outputs[0])
        scale = (after[1] / before[1], after[2] / before[2])
        half_pixel, align = operator.option(3, "?"), operator.option(2, "?")
        return self.trunk.resize(self._first(operator), scale, half_pixel, align)

    def _depth_to_space(self, operator: Operator) -> Tensor:
        return self._first(operator).node(
            "DepthToSpace", blocksize=operator.option(0, "i"), mode="DCR"
        )

    def _reshape(self, operator: Operator) -> Tensor:
        shape = self._shape(operator.outputs[0])
        return self._first(operator).transpose(0, 2, 3, 1).reshape(0, -1, *shape[2:])

    def _concatenate(self, operator: Operator) -> Tensor:
        rank = len(self._shape(operator.outputs[0]))
        axis = operator.option(0, "i") % rank
        parts = [self.values[number] for number in operator.inputs]
        return concatenate(parts, _NCHW_AXIS[axis] if rank == 4 else axis)
