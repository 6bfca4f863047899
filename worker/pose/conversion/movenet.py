"""Converts Google's MoveNet SinglePose (Lightning and Thunder) from TensorFlow.js to ONNX.

The backbone is traced from the published graph; the decoding behind it is reimplemented in
`movenet_heads`. Pixels are scaled to -1...1 inside the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from worker.pose.conversion.backbone import Convolution, Projection, Size, Trunk
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.graph_expressions import Tensor
from worker.pose.conversion.movenet_heads import Heads, single_person
from worker.pose.conversion.onnx_writer import Array, GraphBuilder
from worker.pose.conversion.tfjs import Node, attribute, input_names, load_tfjs

# Names of the heads in Google's graphs and in `Heads`.
_HEADS = {
    "kpt_heatmap_0": "heatmap",
    "kpt_regress_0": "regression",
    "kpt_offset_0": "offset",
    "center_0": "centre",
}
# Heads that are read only at the person's cell and at the cell of each keypoint.
_FEW = {"kpt_regress_0", "kpt_offset_0"}


def _heads(found: Mapping[str, Tensor | Projection]) -> Heads:
    missing = [name for name in _HEADS if name not in found]
    if missing:
        raise ConversionError(f"not a MoveNet SinglePose graph: {missing} not found")
    given: dict[str, Any] = {ours: found[name] for name, ours in _HEADS.items()}
    return Heads(**given)


def _head_of(node: Node) -> str | None:
    """The head whose last layer `node` is; None for other nodes."""
    name = node["name"]
    ends = name.endswith("/BiasAdd")
    return next((head for head in _HEADS if ends and f"/{head}/" in name), None)


class _TfjsTrunk:
    """Traces the nodes between the normalised image and the heads."""

    def __init__(
        self, trunk: Trunk, weights: Mapping[str, Array], image: Tensor, size: Size
    ) -> None:
        self.trunk, self.weights, self.image, self.size = trunk, weights, image, size
        self.values: dict[str, Tensor] = {}
        self.sizes: dict[str, Size] = {}
        self.heads: dict[str, Tensor | Projection] = {}

    def trace(self, node: Node) -> None:
        """Emits `node` if it belongs to the backbone or a head."""
        name, inputs = node["name"], input_names(node)
        head = _head_of(node)
        if head in _FEW:
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


def convert(
    files: Mapping[str, bytes],
    model: str,
    make_trunk: Callable[[GraphBuilder], Trunk] = Trunk,
) -> bytes:
    """MoveNet SinglePose as ONNX bytes.

    `files` are those of the package by plain name, `model` is the JSON among them; `make_trunk`
    decides how layers are emitted (`int8.calibrated` gives 8 bits). Output: `keypoints` [n, 17, 3]
    (y, x, score) for a square input of the network's own size, or the middle of that square, whose
    sides are multiples of 64. Raises ConversionError for another network.
    """
    nodes, weights = load_tfjs(files, model)
    placeholder = next(node for node in nodes if node["op"] == "Placeholder")
    side = int(placeholder["attr"]["shape"]["shape"]["dim"][1]["size"])
    graph = GraphBuilder("movenet")
    trunk = make_trunk(graph)
    scale = float(weights["StatefulPartitionedCall/truediv"].ravel()[0])
    image = trunk.image(scale, -1.0, ["n", "height", "width", 3])
    tracer = _TfjsTrunk(trunk, weights, image, (side, side))
    for node in nodes:
        tracer.trace(node)
    centre_weight = _weight_ending(weights, "truediv_2_recip")
    distance_bias = _weight_ending(weights, "add_5/y")
    single_person(_heads(tracer.heads), centre_weight, distance_bias, side // 4)
    return graph.serialise({"family": "movenet", "source": model})
