"""MoveNet's decoding, rewritten to hold for any batch (the published graphs are bound to batch 1).

Source: the post-processing part of Google's MoveNet graphs, SinglePose version 4 and MultiPose
version 1; the constants below are theirs. A cell is one place of the heads' grid (a quarter of the
input's resolution). Shapes in comments: N images, P people, K keypoints, H x W cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.pose.conversion.backbone import Projection
from worker.pose.conversion.graph_expressions import Tensor, concatenate, count_up, integers, real
from worker.pose.conversion.onnx_writer import Array

KEYPOINTS = 17
# A cell is a person's centre if it equals its neighbourhood's maximum to within this.
_PEAK_TOLERANCE = 1e-6
_PEAK_WINDOW = 5
# The Gaussian that draws a keypoint to its regressed place, as a share of the grid's shorter side.
_ATTRACTION = -0.3
# Keypoints below this do not count in a person's score.
_COUNTED_SCORE = 0.12695312


@dataclass(frozen=True, slots=True)
class Heads:
    """The network's raw outputs, NCHW; channel pairs are y, x. Only MultiPose has box heads.

    SinglePose looks at its regression and offset in a few cells, so theirs may be projections.
    """

    heatmap: Tensor
    regression: Tensor | Projection
    offset: Tensor | Projection
    centre: Tensor
    box_scale: Tensor | None = None
    box_offset: Tensor | None = None


def _flat(value: Tensor, channels: int) -> Tensor:
    """[N, C, H, W] to [N, C, HW]."""
    return value.reshape(0, channels, -1)


def _pairs(head: Tensor | Projection, cells: Tensor, groups: int) -> Tensor:
    """The pairs of each of `groups` equal parts of a head's channels at a cell of its own,
    [N, groups, 2K / groups]; `cells` [N, 1, groups]."""
    if isinstance(head, Projection):
        return head.at(cells, groups)
    parts = head.reshape(0, groups, 2 * KEYPOINTS // groups, -1)
    places = cells.transpose(0, 2, 1).unsqueeze(2).expand(1, 1, 2 * KEYPOINTS // groups, 1)
    return parts.gather(places, axis=3).squeeze(3)


def single_person(heads: Heads, centre_weight: Array, distance_bias: Array, side: int) -> None:
    """Declare `keypoints` [N, 17, 3]: y, x as shares of the image and a score 0-1, of the most
    central person.

    `centre_weight` [side * side] prefers people in the middle; `distance_bias` keeps the division
    finite; `side` is the grid's height and width.
    """
    cells = integers(side)
    heatmap = _flat(heads.heatmap, KEYPOINTS).node("Sigmoid")
    centre = _flat(heads.centre, 1).node("Sigmoid") * real(centre_weight).reshape(1, 1, -1)
    person = centre.argmax(axis=2)
    centre_y, centre_x = (person // cells).to_float(), (person % cells).to_float()
    regressed = _pairs(heads.regression, person, 1)
    rough_y, rough_x = regressed.reshape(0, KEYPOINTS, 2).split(1, 1, axis=2)
    rough_y, rough_x = rough_y + centre_y, rough_x + centre_x
    rows, columns = np.divmod(np.arange(side * side), side)
    delta_y = real(rows).reshape(1, 1, -1) - rough_y
    delta_x = real(columns).reshape(1, 1, -1) - rough_x
    distance = (delta_y * delta_y + delta_x * delta_x).node("Sqrt")
    cell = (heatmap / (distance + real(distance_bias))).argmax(axis=2)  # [N, K, 1]
    score = heatmap.gather(cell, axis=2)
    offset = _pairs(heads.offset, cell.transpose(0, 2, 1), KEYPOINTS)
    base = concatenate([(cell // cells).to_float(), (cell % cells).to_float()], axis=2)
    place = (base + offset) * real(1.0 / side)
    concatenate([place, score], axis=2).output("keypoints", ["n", KEYPOINTS, 3])


@dataclass(frozen=True, slots=True)
class _Grid:
    """Height and width of the grid as int64 and float32 vectors of length 1, read from the tensors
    at run time.
    """

    height: Tensor
    width: Tensor
    height_float: Tensor
    width_float: Tensor

    @classmethod
    def of(cls, value: Tensor) -> _Grid:
        shape = value.node("Shape")
        height, width = shape.size(2), shape.size(3)
        return cls(height, width, height.to_float(), width.to_float())

    def row(self, cell: Tensor) -> Tensor:
        return (cell // self.width).to_float()

    def column(self, cell: Tensor) -> Tensor:
        return (cell % self.width).to_float()

    def cells(self) -> tuple[Tensor, Tensor]:
        """Row and column of every cell, [HW] each."""
        numbers = count_up((self.height * self.width).squeeze(0))
        return self.row(numbers), self.column(numbers)

    def extent(self) -> Tensor:
        return concatenate([self.height_float, self.width_float], axis=0)


def _at(head: Tensor | Projection | None, cell: Tensor, channels: int) -> Tensor:
    """What `head` says at each person's cell, [N, channels, P]."""
    assert isinstance(head, Tensor)
    indices = cell.unsqueeze(1).expand(1, channels, 1)
    return _flat(head, channels).gather(indices, axis=2)


def _peaks(centre: Tensor, limit: int) -> tuple[Tensor, Tensor]:
    """Scores and cells of the `limit` best local maxima, [N, P] each."""
    likelihood = centre.node("Sigmoid")
    border, window = _PEAK_WINDOW // 2, [_PEAK_WINDOW] * 2
    highest = likelihood.node("MaxPool", kernel_shape=window, strides=[1, 1], pads=[border] * 4)
    is_peak = (likelihood - highest).node("Abs") < real(_PEAK_TOLERANCE)
    return (likelihood * is_peak.to_float()).reshape(0, -1).topk(limit)


def _corners(middle: Tensor, half: Tensor, grid: _Grid) -> tuple[Tensor, Tensor]:
    """The boxes' low and high corners in cells, kept inside the grid, [N, 2, P] each."""
    extent = grid.extent().reshape(1, 2, 1)
    low = (middle - half).node("Min", extent).node("Max", real(0.0))
    high = (middle + half).node("Min", extent).node("Max", real(0.0))
    return low, high


def _rough_places(
    regression: Tensor | Projection, cell: Tensor, centre: Tensor, limit: int
) -> tuple[Tensor, ...]:
    """Row and column that each keypoint is regressed to, [N, P, K, 1] each."""
    regressed = _at(regression, cell, 2 * KEYPOINTS).reshape(0, KEYPOINTS, 2, limit)
    places = (regressed + centre.unsqueeze(1)).transpose(0, 3, 1, 2).unsqueeze(4)
    row, column = places.split(1, 1, axis=3)
    return row.squeeze(3), column.squeeze(3)


def _closeness(rows: Tensor, columns: Tensor, rough: tuple[Tensor, ...], grid: _Grid) -> Tensor:
    """A Gaussian of each cell's distance from the regressed places, [N, P, K, HW]."""
    delta_y, delta_x = rows - rough[0], columns - rough[1]
    width = grid.height_float.node("Min", grid.width_float) * real(_ATTRACTION)
    return ((delta_y * delta_y + delta_x * delta_x) / width).node("Exp")


def _inside(rows: Tensor, columns: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Whether each cell lies in each person's box, boolean [N, P, 1, HW]."""
    low, high = (corner.transpose(0, 2, 1).unsqueeze(3) for corner in (low, high))
    top, left = low.split(1, 1, axis=2)
    bottom, right = high.split(1, 1, axis=2)
    return ((rows >= top) & (rows < bottom)) & ((columns >= left) & (columns < right))


def _person_scores(centre_score: Tensor, keypoint_score: Tensor) -> Tensor:
    """The centre's score times the mean of the keypoints that count, [N, P]."""
    counted = keypoint_score > real(_COUNTED_SCORE)
    count = counted.to_float().sum(2).node("Max", real(1.0))
    total = counted.node("Where", keypoint_score, real(0.0)).sum(2)
    return centre_score * (total / count)


def _box_shares(low: Tensor, high: Tensor, share: Tensor) -> Tensor:
    """Boxes as shares of the image, [N, P, 4]: y0, x0, y1, x1."""
    corners = [corner.transpose(0, 2, 1) * share for corner in (low, high)]
    return concatenate(corners, axis=2).node("Clip", real(0), real(1))


def multi_person(heads: Heads, limit: int) -> None:
    """Declare the outputs for the `limit` best people P, strongest centre first, for any image
    size.

    `keypoints` [N, P, 17, 3]: y, x as shares of the image, score 0-1; `boxes` [N, P, 4]: y0, x0,
    y1, x1 as shares; `scores` [N, P]. A cell's keypoint likelihood is kept for the best person
    alone (the maximum over P).
    """
    grid = _Grid.of(heads.centre)
    centre_score, person = _peaks(heads.centre, limit)
    row, column = grid.row(person), grid.column(person)
    box_size = _at(heads.box_scale, person, 2).node("Relu")
    box_offset = _at(heads.box_offset, person, 2)
    centre = concatenate([row.unsqueeze(1), column.unsqueeze(1)], axis=1)
    low, high = _corners(centre + box_offset, box_size * real(0.5), grid)
    rough = _rough_places(heads.regression, person, centre, limit)
    rows, columns = grid.cells()
    closeness = _closeness(rows, columns, rough, grid)
    heatmap = _flat(heads.heatmap, KEYPOINTS).node("Sigmoid")
    inside = _inside(rows, columns, low, high)
    likelihood = closeness * heatmap.unsqueeze(1) * inside.to_float()  # [N, P, K, HW]

    cell = likelihood.argmax(axis=3)  # [N, P, K, 1]
    best = likelihood.node("ReduceMax", axes=[1], keepdims=0)
    by_keypoint = cell.transpose(0, 2, 1, 3).squeeze(3)  # [N, K, P]
    score = best.gather(by_keypoint, axis=2).transpose(0, 2, 1)
    assert isinstance(heads.offset, Tensor)
    offsets = heads.offset.reshape(0, KEYPOINTS, 2, -1)
    offset = offsets.gather(by_keypoint.unsqueeze(2).expand(1, 1, 2, 1), axis=3).transpose(
        0, 3, 1, 2
    )
    base = [grid.row(cell), grid.column(cell)]
    share = grid.extent().node("Reciprocal").reshape(1, 1, 1, 2)
    place = (concatenate(base, axis=3) + offset) * share
    keypoints = concatenate([place, score.unsqueeze(3)], axis=3)
    scores = _person_scores(centre_score, score)
    boxes = _box_shares(low, high, share.reshape(1, 1, 2))
    keypoints.output("keypoints", ["n", limit, KEYPOINTS, 3])
    boxes.output("boxes", ["n", limit, 4])
    scores.output("scores", ["n", limit])
