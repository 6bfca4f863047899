"""MoveNet's decoding, reimplemented for any batch size (the published graphs only take batch 1).

Source: the post-processing part of Google's MoveNet SinglePose graphs, version 4. A cell is one
element of the heads' grid (a quarter of the input's resolution). Shapes in comments: N images, K
keypoints, H x W cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.pose.conversion.backbone import Projection
from worker.pose.conversion.graph_expressions import Tensor, concatenate, integers, real
from worker.pose.conversion.onnx_writer import Array

KEYPOINTS = 17


@dataclass(frozen=True, slots=True)
class Heads:
    """Raw outputs of the network, NCHW; channel pairs are y, x. Regression and offset are computed
    at a few cells only."""

    heatmap: Tensor
    regression: Projection
    offset: Projection
    centre: Tensor


def _flat(value: Tensor, channels: int) -> Tensor:
    """[N, C, H, W] to [N, C, HW]."""
    return value.reshape(0, channels, -1)


def single_person(heads: Heads, centre_weight: Array, distance_bias: Array, side: int) -> None:
    """Declares the output `keypoints` [N, 17, 3] of the most central person: y, x (0-1) and score.

    `centre_weight` [side * side] prefers people in the middle; `distance_bias` keeps the division
    finite; `side` is the height and width in cells of the grid of a square picture. A smaller
    picture is the middle of that square, and its joints are in shares of the square too.
    """
    shape = heads.heatmap.node("Shape")
    height, width = shape.size(2), shape.size(3)
    top, left = ((integers(side) - length) // integers(2) for length in (height, width))
    weight, rows, columns = _middle(centre_weight, side, (top, left), (height, width))
    heatmap = _flat(heads.heatmap, KEYPOINTS).node("Sigmoid")
    person = (_flat(heads.centre, 1).node("Sigmoid") * weight).argmax(axis=2)
    regressed = heads.regression.at(person, 1)
    rough_y, rough_x = regressed.reshape(0, KEYPOINTS, 2).split(1, 1, axis=2)
    delta_y = rows - (rough_y + (person // width + top).to_float())
    delta_x = columns - (rough_x + (person % width + left).to_float())
    distance = (delta_y * delta_y + delta_x * delta_x).node("Sqrt")
    cell = (heatmap / (distance + real(distance_bias))).argmax(axis=2)  # [N, K, 1]
    score = heatmap.gather(cell, axis=2)
    offset = heads.offset.at(cell.transpose(0, 2, 1), KEYPOINTS)
    base = concatenate([(cell // width + top).to_float(), (cell % width + left).to_float()], axis=2)
    place = (base + offset) * real(1.0 / side)
    concatenate([place, score], axis=2).output("keypoints", ["n", KEYPOINTS, 3])


def _middle(
    centre_weight: Array, side: int, corner: tuple[Tensor, Tensor], size: tuple[Tensor, Tensor]
) -> tuple[Tensor, ...]:
    """Weight, row and column of each cell in the middle of the square: [1, 1, HW] each."""
    grids = [centre_weight.reshape(side, side), *np.indices((side, side))]
    graph = size[0].graph
    whole = Tensor(graph, graph.constant(real(np.stack(grids)[None])))
    starts = concatenate(corner, axis=0)
    ends = starts + concatenate(size, axis=0)
    return (
        whole.node("Slice", starts, ends, integers(2, 3)).reshape(0, 3, -1).split(1, 1, 1, axis=1)
    )
