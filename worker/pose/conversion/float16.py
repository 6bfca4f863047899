"""A backbone in float16, for GPUs: half the memory for weights, and use of tensor cores.

Two steps stay in float32: the scaling of the pixels, and the decoding of the heads, whose positions
in the whole picture float16 would round to an eighth of a pixel of 256. MoveNet's weights are
published in float16 and lose nothing; results between layers are rounded on a GPU, but not on a
CPU, where ONNX Runtime computes in float32, so accuracy on a GPU has not been measured. Simulated
by rounding the result of each layer, Thunder with flipped crops had AP 59.4 and a mean OKS of
0.721, against 59.3 and 0.721 without (20 pictures, 43 people; `tests/bench/keypoints.py` is the
protocol).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from worker.pose.conversion.backbone import Convolution, Size, Trunk
from worker.pose.conversion.graph_expressions import Tensor
from worker.pose.conversion.onnx_writer import FLOAT16, Array


class HalfTrunk(Trunk):
    """Emits layers in float16; the results of heads are float32."""

    def weight(self, values: Array) -> Tensor:
        """A weight rounded to float16."""
        half = np.ascontiguousarray(values, dtype=np.float32).astype(np.float16)
        return Tensor(self.graph, self.graph.constant(half))

    def image(self, scale: ArrayLike, bias: ArrayLike, shape: Sequence[int | str]) -> Tensor:
        """The graph's input, scaled in float32 and then rounded to float16, NCHW."""
        return super().image(scale, bias, shape).node("Cast", to=FLOAT16)

    def activate(self, value: Tensor, activation: str | None) -> Tensor:
        """Applies an activation in float16; its limits are constants of that type."""
        if activation == "Relu6":
            return value.node("Clip", np.float16(0), np.float16(6))
        return super().activate(value, activation)

    def project(
        self, value: Tensor, layer: Convolution, size: Sequence[int]
    ) -> tuple[Tensor, Size]:
        """Emits the last layer of a head in float16, with a float32 result."""
        output, traced = self.convolve(value, layer, size)
        return output.to_float(), traced

    def pick(self, value: Tensor, cells: Tensor, channels: int) -> Tensor:
        """Picks float16 values as float32, in which the projection multiplies them."""
        return super().pick(value, cells, channels).to_float()
