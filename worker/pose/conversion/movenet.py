"""Convert Google's MoveNet (SinglePose Lightning and Thunder, MultiPose Lightning) to ONNX.

The trunk is traced from the TFJS or TFLite graph; the decoding after it is written anew
(`movenet_heads`). Pixels are scaled to -1...1 inside the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from worker.pose.conversion.backbone import Convolution, Projection, Size, Trunk
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.graph_expressions import Tensor
from worker.pose.conversion.movenet_heads import Heads, multi_person, single_person
from worker.pose.conversion.onnx_writer import Array, GraphBuilder
from worker.pose.conversion.tfjs import Node, attribute, input_names, load_tfjs
from worker.pose.conversion.tflite import Operator, TfliteModel
from worker.pose.conversion.tflite_backbone import read_convolution

# The heads' names in Google's graphs, and their channels.
_HEADS = {
    "kpt_heatmap_0": ("heatmap", 17),
    "kpt_regress_0": ("regression", 34),
    "kpt_offset_0": ("offset", 34),
    "center_0": ("centre", 1),
    "box_scale_0": ("box_scale", 2),
    "box_offset_0": ("box_offset", 2),
}
# Those that SinglePose reads at the person's cell and at each keypoint's.
_FEW = {"kpt_regress_0", "kpt_offset_0"}
# MultiPose takes any multiple of 32; its trunk is traced at this size.
_TRACED_SIZE = (256, 256)
# The pixel scale of the TFLite file, which holds it as float16.
_TFLITE_SCALE = float(np.float16(2 / 255))


def _heads(found: Mapping[str, Tensor | Projection], multi: bool) -> Heads:
    needed = [name for name in _HEADS if multi or not name.startswith("box")]
    missing = [name for name in needed if name not in found]
    if missing:
        raise ConversionError(f"not a MoveNet graph: {missing} not found")
    given: dict[str, Any] = {_HEADS[name][0]: found[name] for name in needed}
    return Heads(**given)


def _head_of(node: Node) -> str | None:
    """The head whose last layer `node` is."""
    name = node["name"]
    ends = name.endswith("/BiasAdd")
    return next((head for head in _HEADS if ends and f"/{head}/" in name), None)


class _TfjsTrunk:
    """Traces the nodes between the normalised image and the heads."""

    def __init__(
        self, trunk: Trunk, weights: Mapping[str, Array], image: Tensor, size: Size, few: set[str]
    ) -> None:
        """`few` are the heads that are wanted at a few cells alone."""
        self.trunk, self.weights, self.image, self.size = trunk, weights, image, size
        self.few = few
        self.values: dict[str, Tensor] = {}
        self.sizes: dict[str, Size] = {}
        self.heads: dict[str, Tensor | Projection] = {}

    def trace(self, node: Node) -> None:
        """Emit `node` if it belongs to the trunk."""
        name, inputs = node["name"], input_names(node)
        head = _head_of(node)
        if head in self.few:
            value, layer = inputs[0], self._convolution(node, inputs)
            self.heads[head] = self.trunk.projection(self.values[value], layer, self.sizes[value])
            return
        traced = self._trace(node, inputs)
        if traced is None:
            return
        self.values[name], self.sizes[name] = traced
        if head:
            self.heads[head] = traced[0]

    def _trace(self, node: Node, inputs: list[str]) -> tuple[Tensor, Size] | None:
        operator = node["op"]
        # The last step of the graph's own pixel scaling.
        if operator == "Sub" and node["name"].endswith("/sub_1") and "sub_1/y" in inputs[1]:
            return self.image, self.size
        if not inputs or inputs[0] not in self.values:
            return None
        value, size = self.values[inputs[0]], self.sizes[inputs[0]]
        if "Conv2" in operator:
            layer = self._convolution(node, inputs)
            emit = self.trunk.project if _head_of(node) else self.trunk.convolve
            return emit(value, layer, size)
        if operator == "AddV2" and len(inputs) == 2 and inputs[1] in self.values:
            return self.trunk.add(value, self.values[inputs[1]]), size
        if operator == "ResizeBilinear":
            half_pixel, align = (
                attribute(node, "half_pixel_centers"),
                attribute(node, "align_corners"),
            )
            return self.trunk.resize(value, (2, 2), half_pixel, align), (2 * size[0], 2 * size[1])
        return None

    def _convolution(self, node: Node, inputs: list[str]) -> Convolution:
        kernel = self.weights[inputs[1]]
        depthwise = "Depthwise" in node["op"]
        if depthwise:
            kernel = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
        else:
            kernel = kernel.transpose(3, 2, 0, 1)
        fused = attribute(node, "fused_ops", [])
        _, row_stride, column_stride, _ = attribute(node, "strides")
        return Convolution(
            kernel=kernel,
            bias=self.weights[inputs[2]] if len(inputs) > 2 else None,
            strides=(row_stride, column_stride),
            same=attribute(node, "padding") == "SAME",
            depthwise=depthwise,
            activation=next((name for name in fused if name != "BiasAdd"), None),
        )


def _weight_ending(weights: Mapping[str, Array], ending: str) -> Array:
    for name, values in weights.items():
        if name.endswith(ending):
            return values
    raise ConversionError(f"not a MoveNet graph: no weight ends in {ending}")


def convert_tfjs(
    files: Mapping[str, bytes],
    model: str,
    people: int,
    make_trunk: Callable[[GraphBuilder], Trunk] = Trunk,
) -> bytes:
    """A TFJS MoveNet as ONNX bytes; `files` are the package's by plain name and `model` the JSON
    among them. `make_trunk` decides how layers are emitted (`quantised` has one in 8 bits).

    SinglePose gives `keypoints` [n, 17, 3] for a square input of its own size. MultiPose gives the
    outputs of `movenet_heads.multi_person` for up to `people` people, for any multiple of 32.
    Raises ConversionError.
    """
    nodes, weights = load_tfjs(files, model)
    multi = any("box_scale_0" in node["name"] for node in nodes)
    height: int | str = "h"
    width: int | str = "w"
    size = _TRACED_SIZE
    if not multi:
        placeholder = next(node for node in nodes if node["op"] == "Placeholder")
        height = width = side = int(placeholder["attr"]["shape"]["shape"]["dim"][1]["size"])
        size = (side, side)
    graph = GraphBuilder("movenet")
    trunk = make_trunk(graph)
    scale = float(weights["StatefulPartitionedCall/truediv"].ravel()[0])
    image = trunk.image(scale, -1.0, ["n", height, width, 3])
    tracer = _TfjsTrunk(trunk, weights, image, size, set() if multi else _FEW)
    for node in nodes:
        tracer.trace(node)
    heads = _heads(tracer.heads, multi)
    if multi:
        multi_person(heads, people)
    else:
        centre_weight = _weight_ending(weights, "truediv_2_recip")
        single_person(heads, centre_weight, _weight_ending(weights, "add_5/y"), size[0] // 4)
    return graph.serialise({"family": "movenet", "source": model})


class _TfliteMovenet:
    """Traces MultiPose's trunk in Google's TFLite file; the operators after the heads are passed
    over.
    """

    def __init__(self, model: TfliteModel, trunk: Trunk) -> None:
        self.model, self.trunk = model, trunk
        self.constants = model.constants()
        self.values: dict[int, Tensor] = {}
        self.sizes: dict[int, Size] = {}
        self.heads: dict[str, Tensor] = {}
        self._tracers: dict[str, Callable[[Operator], tuple[Tensor, Size]]] = {
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._convolution,
            "ADD": self._add,
            "RELU": self._relu,
            "RESIZE_BILINEAR": self._resize,
        }

    def trace(self, operator: Operator) -> None:
        """Emit `operator` if it belongs to the trunk."""
        output = operator.outputs[0]
        if operator.name == "DEQUANTIZE":
            self.constants[output] = self.constants[operator.inputs[0]].astype(np.float32)
            return
        if operator.name not in self._tracers:
            return
        if not self.values and operator.name.endswith("CONV_2D"):
            self.values[operator.inputs[0]] = self.trunk.image(
                _TFLITE_SCALE, -1.0, ["n", "h", "w", 3]
            )
            self.sizes[operator.inputs[0]] = _TRACED_SIZE
        needed = operator.inputs if operator.name == "ADD" else operator.inputs[:1]
        if all(number in self.values for number in needed):
            self.values[output], self.sizes[output] = self._tracers[operator.name](operator)

    def _first(self, operator: Operator) -> tuple[Tensor, Size]:
        return self.values[operator.inputs[0]], self.sizes[operator.inputs[0]]

    def _convolution(self, operator: Operator) -> tuple[Tensor, Size]:
        value, size = self._first(operator)
        layer = read_convolution(operator, self.constants)
        emitted = self.trunk.convolve(value, layer, size)
        name = self.model.tensors[operator.outputs[0]].name
        head = next((head for head in _HEADS if name.startswith(head + "/")), None)
        # Layers before a head carry its name too; the last has its channels.
        if head and "BiasAdd" in name.split(";")[0] and layer.kernel.shape[0] == _HEADS[head][1]:
            self.heads[head] = emitted[0]
        return emitted

    def _add(self, operator: Operator) -> tuple[Tensor, Size]:
        left, right = (self.values[number] for number in operator.inputs)
        return self.trunk.activate(left + right, operator.activation(0)), self.sizes[
            operator.inputs[0]
        ]

    def _relu(self, operator: Operator) -> tuple[Tensor, Size]:
        value, size = self._first(operator)
        return self.trunk.activate(value, "Relu"), size

    def _resize(self, operator: Operator) -> tuple[Tensor, Size]:
        value, (height, width) = self._first(operator)
        half_pixel, align = operator.option(3, "?"), operator.option(2, "?")
        return self.trunk.resize(value, (2, 2), half_pixel, align), (2 * height, 2 * width)


def convert_tflite(files: Mapping[str, bytes], model: str, people: int) -> bytes:
    """MoveNet MultiPose from Google's TFLite file as ONNX bytes; outputs as with `convert_tfjs`.

    Raises ConversionError for another network.
    """
    graph = GraphBuilder("movenet")
    network = TfliteModel.read(files[model])
    tracer = _TfliteMovenet(network, Trunk(graph))
    for operator in network.operators:
        tracer.trace(operator)
    multi_person(_heads(tracer.heads, multi=True), people)
    return graph.serialise({"family": "movenet", "source": model})
