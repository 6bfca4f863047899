"""Converts MediaPipe's BlazePose (person detector and 33-landmark network) from TFLite to ONNX.

Source of the constants: MediaPipe's `pose_detection` and `pose_landmark` graphs
(mediapipe/modules/pose_detection/pose_detection_cpu.pbtxt, tensors_to_landmarks and SSD anchor
options).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from worker.pose.conversion.backbone import Trunk
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.graph_expressions import Tensor, concatenate, real
from worker.pose.conversion.onnx_writer import Array, GraphBuilder
from worker.pose.conversion.tflite import TfliteModel
from worker.pose.conversion.tflite_backbone import TfliteTrunk

# 33 body points and 6 auxiliary ones (33 and 34 give the next region of interest).
LANDMARKS = 39
ANCHORS = 2254
# Grid side and anchors a cell at 224 px: strides 8, 16 and three times 32, two a layer.
_ANCHOR_LAYERS = ((28, 2), (14, 2), (7, 6))
_SCORE_CLIP = 100.0


def _outputs(
    model: TfliteModel, graph: GraphBuilder, scale: float, bias: float
) -> tuple[dict[tuple[int, ...], Tensor], int]:
    """Outputs of the emitted network by shape, and the side of its square input in pixels."""
    side = model.tensors[model.inputs[0]].shape[1]
    trunk = Trunk(graph)
    image = trunk.image(scale, bias, ["n", side, side, 3])
    return TfliteTrunk(model, trunk, image).emit(), side


def convert_landmarks(files: Mapping[str, bytes], model: str) -> bytes:
    """The landmark network as ONNX bytes; `model` names the TFLite file among `files`.

    Outputs: `landmarks` [n, 39, 5] (x, y, z as shares of the crop; visibility and presence 0-1),
    `world` [n, 39, 3] (metres), `presence` [n, 1], `heatmap` [n, 39, 64, 64] (logits). Raises
    ConversionError for another network.
    """
    graph = GraphBuilder("blazepose")
    outputs, side = _outputs(TfliteModel.read(files[model]), graph, 1 / 255.0, 0.0)
    if (5 * LANDMARKS,) not in outputs or (3 * LANDMARKS,) not in outputs:
        raise ConversionError(f"{model} is not a BlazePose landmark network")
    raw = outputs[(5 * LANDMARKS,)].reshape(0, LANDMARKS, 5)
    place, confidence = raw.split(3, 2, axis=2)
    landmarks = concatenate([place * real(1.0 / side), confidence.node("Sigmoid")], axis=2)
    landmarks.output("landmarks", ["n", LANDMARKS, 5])
    outputs[(3 * LANDMARKS,)].reshape(0, LANDMARKS, 3).output("world", ["n", LANDMARKS, 3])
    outputs[(1,)].output("presence", ["n", 1])
    outputs[(64, 64, LANDMARKS)].output("heatmap", ["n", LANDMARKS, 64, 64])
    return graph.serialise({"family": "blazepose", "source": model})


def anchors() -> Array:
    """Centres of the detector's anchors as x, y (0-1), float32 [2254, 2]; their size is 1."""
    layers = []
    for side, repeats in _ANCHOR_LAYERS:
        rows, columns = np.divmod(np.arange(side * side), side)
        centres = np.stack([(columns + 0.5) / side, (rows + 0.5) / side], axis=1)
        layers.append(np.repeat(centres, repeats, axis=0))
    return np.concatenate(layers).astype(np.float32)


def convert_detector(files: Mapping[str, bytes], model: str) -> bytes:
    """The person detector as ONNX bytes; `model` names the TFLite file among `files`.

    Outputs: `detections` [n, 2254, 12] (centre x, y, width, height and four points x, y, as shares
    of the image; no suppression) and `scores` [n, 2254]. Raises ConversionError for another
    network.
    """
    graph = GraphBuilder("blazedet")
    outputs, side = _outputs(TfliteModel.read(files[model]), graph, 2 / 255.0, -1.0)
    if (ANCHORS, 12) not in outputs:
        raise ConversionError(f"{model} is not the BlazePose detector for 224 px")
    pairs = outputs[(ANCHORS, 12)].reshape(0, ANCHORS, 6, 2) * real(1.0 / side)
    shift = np.tile(anchors()[None, :, None], (1, 1, 6, 1))
    # The second pair is the size, which has no origin.
    shift[:, :, 1] = 0
    (pairs + real(shift)).reshape(0, ANCHORS, 12).output("detections", ["n", ANCHORS, 12])
    logits = (
        outputs[(ANCHORS, 1)]
        .reshape(0, ANCHORS)
        .node("Clip", real(-_SCORE_CLIP), real(_SCORE_CLIP))
    )
    logits.node("Sigmoid").output("scores", ["n", ANCHORS])
    return graph.serialise({"family": "blazepose-detector", "source": model})
