"""A trunk in float16, for GPUs: half the weights to hold, and tensor cores to multiply them.

What stays float32: scaling the pixels before it, and the decoding of the heads behind it, whose
positions over the whole picture float16 would round to an eighth of a pixel of 256. MoveNet's
weights come in float16, so they lose nothing; what lies between the layers is rounded, though on a
CPU, where ONNX Runtime computes in float32, it is not: how accurate a GPU is was never seen. With
each layer's result rounded on purpose Thunder looked at twice had AP 59.4 and a mean OKS of 0.721,
without 59.3 and 0.721 (20 pictures, 43 people; `tests/bench/keypoints.py` is the protocol).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from worker.pose.conversion.backbone import Convolution, Size, Trunk
from worker.pose.conversion.graph_expressions import Tensor
from worker.pose.conversion.onnx_writer import FLOAT16, Array


class HalfTrunk(Trunk):
    """Emits layers in float16; heads end in float32."""

    def weight(self, values: Array) -> Tensor:
        """A weight rounded to float16."""
        half = np.ascontiguousarray(values, dtype=np.float32).astype(np.float16)
        return Tensor(self.graph, self.graph.constant(half))

    def image(self, scale: ArrayLike, bias: ArrayLike, shape: Sequence[int | str]) -> Tensor:
        """The graph's input, scaled in float32 and then rounded to float16."""
        return super().image(scale, bias, shape).node("Cast", to=FLOAT16)

    def activate(self, value: Tensor, activation: str | None) -> Tensor:
        """As in float32, with limits of the value's own type."""
        if activation == "Relu6":
            return value.node("Clip", np.float16(0), np.float16(6))
        return super().activate(value, activation)

    def project(
        self, value: Tensor, layer: Convolution, size: Sequence[int]
    ) -> tuple[Tensor, Size]:
        """Emit the last layer of a head in float16, its result as float32."""
        output, traced = self.convolve(value, layer, size)
        return output.to_float(), traced

    def pick(self, value: Tensor, cells: Tensor, channels: int) -> Tensor:
        """As in float32; what is picked is multiplied in float32."""
        return super().pick(value, cells, channels).to_float()
