"""Converts NanoDet-g (416 px, COCO) from TensorFlow.js to ONNX, with its person class alone.

Decoding after RangiLyu/nanodet (`nanodet_head.py`, generalised focal loss): a box side is the
expected value of a discrete distribution over 0...10 strides, measured from the cell's centre.
Suppression is left to the caller. The network was trained on BGR with ImageNet's mean and
deviation; the graph takes RGB, so the input channels of the first kernel are reversed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from worker.pose.conversion.backbone import Trunk
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.graph_expressions import Tensor, concatenate, count_up, real
from worker.pose.conversion.onnx_writer import Array, GraphBuilder
from worker.pose.conversion.tfjs import Node, attribute, input_names, load_tfjs

# ImageNet's mean and deviation, RGB 0-255.
_MEAN = np.array([123.675, 116.28, 103.53])
_DEVIATION = np.array([58.395, 57.12, 57.375])
_TRACED_SIDE = 416
_CLASSES, _BINS = 80, 11
_SIDES = 4 * _BINS


@dataclass(frozen=True, slots=True)
class _Pending:
    """A convolution whose bias is still to be added (the exporter has separate nodes for both)."""

    value: Tensor
    kernel: Array
    stride: int
    pads: list[int]


class _Tracer:
    """Traces the TFJS nodes; `sides` are heights in pixels for a square input of 416."""

    def __init__(self, trunk: Trunk, weights: Mapping[str, Array], image: Tensor) -> None:
        self.trunk, self.weights, self.image = trunk, weights, image
        self.values: dict[str, Tensor] = {}
        self.sides: dict[str, int] = {}
        self.pads: dict[str, list[int]] = {}
        self.pending: dict[str, _Pending] = {}
        # (stride, output [N, 45, H, W]) of each pyramid level
        self.heads: list[tuple[int, Tensor]] = []
        self._first_kernel = True
        self._tracers: dict[str, Callable[[Node, list[str]], tuple[Tensor, int]]] = {
            "Add": self._add,
            "LeakyRelu": self._leaky_relu,
            "MaxPool": self._max_pool,
            "ConcatV2": self._concatenate,
            "ResizeBilinear": self._resize,
        }

    def trace(self, node: Node) -> None:
        """Emits `node` if it belongs to the network; the exporter's own decoding is skipped."""
        name, inputs = node["name"], input_names(node)
        if node["op"] == "Placeholder":
            self.values[name], self.sides[name] = self.image, _TRACED_SIDE
        elif not inputs or inputs[0] not in self.sides:
            return
        elif node["op"] in ("Pad", "PadV2", "Transpose"):
            self._pass_on(node, inputs)
        elif node["op"] == "Conv2D":
            self._convolution(node, inputs)
        elif node["op"] in self._tracers and inputs[0] in self.values | self.pending:
            self.values[name], self.sides[name] = self._tracers[node["op"]](node, inputs)

    def _pass_on(self, node: Node, inputs: list[str]) -> None:
        """Moves padding into the next layer and ignores transpositions, as the layout stays
        NCHW."""
        name, source = node["name"], inputs[0]
        if source not in self.values:
            return
        self.values[name], self.sides[name] = self.values[source], self.sides[source]
        if node["op"] != "Transpose":
            (top, bottom), (left, right) = self.weights[inputs[1]][2:].tolist()
            self.pads[name] = [top, left, bottom, right]
        elif source in self.pads:
            self.pads[name] = self.pads[source]

    def _convolution(self, node: Node, inputs: list[str]) -> None:
        stride, source = attribute(node, "strides")[1], inputs[0]
        kernel, pads = self.weights[inputs[1]], self.pads.get(source, [0, 0, 0, 0])
        self.pending[node["name"]] = _Pending(self.values[source], kernel, stride, pads)
        self.sides[node["name"]] = self.sides[source] // stride

    def _add(self, _node: Node, inputs: list[str]) -> tuple[Tensor, int]:
        side = self.sides[inputs[0]]
        if inputs[0] not in self.pending:
            return self.values[inputs[0]] + self.values[inputs[1]], side
        bias = self.weights[inputs[1]].reshape(-1)
        output = self._emit(self.pending[inputs[0]], bias)
        if len(bias) == _CLASSES + _SIDES:
            self.heads.append((_TRACED_SIDE // side, output))
        return output, side

    def _emit(self, layer: _Pending, bias: Array) -> Tensor:
        kernel = layer.kernel.transpose(3, 2, 0, 1)
        if self._first_kernel:
            kernel, self._first_kernel = kernel[:, ::-1], False
        if len(bias) == _CLASSES + _SIDES:
            person_and_sides = [0, *range(_CLASSES, _CLASSES + _SIDES)]
            kernel, bias = kernel[person_and_sides], bias[person_and_sides]
        return layer.value.node(
            "Conv",
            self.trunk.weight(kernel),
            self.trunk.weight(bias),
            kernel_shape=kernel.shape[2:],
            strides=[layer.stride] * 2,
            pads=layer.pads,
            group=1,
        )

    def _leaky_relu(self, node: Node, inputs: list[str]) -> tuple[Tensor, int]:
        slope = float(attribute(node, "alpha"))
        return self.values[inputs[0]].node("LeakyRelu", alpha=slope), self.sides[inputs[0]]

    def _max_pool(self, node: Node, inputs: list[str]) -> tuple[Tensor, int]:
        stride, kernel = attribute(node, "strides")[1], attribute(node, "ksize")[1:3]
        pads = self.pads.get(inputs[0], [0, 0, 0, 0])
        pooled = self.values[inputs[0]].node(
            "MaxPool", kernel_shape=kernel, strides=[stride] * 2, pads=pads
        )
        return pooled, self.sides[inputs[0]] // stride

    def _concatenate(self, _node: Node, inputs: list[str]) -> tuple[Tensor, int]:
        # The last input is the axis, always channels in this network.
        parts = [self.values[name] for name in inputs[:-1]]
        return concatenate(parts, axis=1), self.sides[inputs[0]]

    def _resize(self, node: Node, inputs: list[str]) -> tuple[Tensor, int]:
        side = int(self.weights[inputs[1]][0])
        ratio = side / self.sides[inputs[0]]
        half_pixel, align = attribute(node, "half_pixel_centers"), attribute(node, "align_corners")
        return self.trunk.resize(self.values[inputs[0]], (ratio, ratio), half_pixel, align), side


def _centres(cells: Tensor, stride: int) -> Tensor:
    return ((cells.to_float() + real(0.5)) * real(stride)).reshape(1, 1, -1)


def _decode(stride: int, head: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes [N, 4, cells] (x0, y0, x1, y1 in input pixels) and person scores [N, cells] of a
    level."""
    shape = head.node("Shape")
    height, width = shape.size(2), shape.size(3)
    person, sides = head.split(1, _SIDES, axis=1)
    scores = person.reshape(0, -1).node("Sigmoid")
    likelihood = sides.reshape(0, 4, _BINS, -1).node("Softmax", axis=2)
    steps = real(np.arange(_BINS) * stride).reshape(1, 1, _BINS, 1)
    distances = (likelihood * steps).sum(2)
    cells = count_up((height * width).squeeze(0))
    centre = concatenate(
        [_centres(cells % width, stride), _centres(cells // width, stride)], axis=1
    )
    before, after = distances.split(2, 2, axis=1)
    return concatenate([centre - before, centre + after], axis=1), scores


def convert(files: Mapping[str, bytes], model: str) -> bytes:
    """NanoDet-g as ONNX bytes.

    `files` are those of the package by plain name, `model` is the JSON among them. Input: any
    multiple of 32. Outputs: `boxes` [n, a, 4] (x0, y0, x1, y1 in input pixels) and `scores` [n, a]
    of the person class, a = all cells of three levels. Raises ConversionError for another network.
    """
    nodes, weights = load_tfjs(files, model)
    graph = GraphBuilder("nanodet-person")
    trunk = Trunk(graph)
    scale, bias = (values.reshape(1, 3, 1, 1) for values in (1 / _DEVIATION, -_MEAN / _DEVIATION))
    tracer = _Tracer(trunk, weights, trunk.image(scale, bias, ["n", "h", "w", 3]))
    for node in nodes:
        tracer.trace(node)
    if len(tracer.heads) != 3:
        raise ConversionError(f"{model} is not NanoDet: {len(tracer.heads)} heads instead of 3")
    levels = [_decode(*head) for head in sorted(tracer.heads, key=lambda head: head[0])]
    boxes = concatenate([level[0] for level in levels], axis=2).transpose(0, 2, 1)
    boxes.output("boxes", ["n", "a", 4])
    concatenate([level[1] for level in levels], axis=1).output("scores", ["n", "a"])
    return graph.serialise({"family": "nanodet-person", "source": model})
