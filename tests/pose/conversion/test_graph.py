"""Graphs built with the writer give the answers worked out by hand when onnxruntime runs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from worker.pose.conversion.backbone import Convolution, Projection, Trunk, same_padding
from worker.pose.conversion.blazepose import anchors
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.float16 import HalfTrunk
from worker.pose.conversion.graph_expressions import Tensor, concatenate, count_up, integers, real
from worker.pose.conversion.int8 import ObservedTrunk, QuantisedTrunk
from worker.pose.conversion.movenet_heads import Heads, single_person
from worker.pose.conversion.nanodet import _decode
from worker.pose.conversion.onnx_writer import FLOAT, INT64, GraphBuilder


def run(graph: GraphBuilder, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """The graph's outputs on the CPU."""
    session = onnxruntime.InferenceSession(graph.serialise(), providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(inputs)))


def test_arithmetic_reads_like_numpy() -> None:
    graph = GraphBuilder("arithmetic")
    value = Tensor(graph, graph.input("x", FLOAT, ["n", 3]))
    ((real(np.array([[10.0, 20.0, 30.0]])) - value) * real(2.0) / real(4.0)).output("y", ["n", 3])
    x = np.array([[2.0, 4.0, 6.0], [10.0, 0.0, -10.0]], np.float32)
    assert run(graph, {"x": x})[0].tolist() == [[4.0, 8.0, 12.0], [0.0, 10.0, 20.0]]


def test_argmax_gives_row_and_column_of_the_peak() -> None:
    graph = GraphBuilder("peak")
    value = Tensor(graph, graph.input("x", FLOAT, ["n", 6]))
    cell, width = value.argmax(axis=1), integers(3)
    places = [(cell // width).to_float(), (cell % width).to_float(), value.gather(cell, axis=1)]
    concatenate(places, axis=1).output("y", ["n", 3])
    x = np.array([[0, 0, 0, 0, 0, 7], [0, 9, 0, 0, 0, 0]], np.float32)
    assert run(graph, {"x": x})[0].tolist() == [[1.0, 2.0, 7.0], [0.0, 1.0, 9.0]]


def test_a_trunk_in_float16_rounds_its_weights_and_its_pixels() -> None:
    graph = GraphBuilder("half")
    trunk = HalfTrunk(graph)
    image = trunk.image(1 / 3, 0.0, ["n", 1, 1, 3])
    kernel = np.array([1.0001, 1.0, 1.0], np.float32).reshape(3, 1, 1, 1)
    inner = Convolution(kernel, None, (1, 1), True, True, "Relu6")
    value, size = trunk.convolve(image, inner, (1, 1))
    sums = Convolution(np.ones((1, 3, 1, 1), np.float32), None, (1, 1), True, False, None)
    value, _ = trunk.project(value, sums, size)
    value.output("y", ["n", 1, 1, 1])
    pixels = np.array([[[[1, 2, 255]]]], np.uint8)
    expected = float(np.float16(1 / 3)) + float(np.float16(2 / 3)) + 6.0
    assert run(graph, {"image": pixels})[0].item() == pytest.approx(expected, abs=4e-3)
    # with weights in float32 the file would hold 1.0001
    assert np.float32(1.0001).tobytes() not in graph.serialise()


def test_sizes_are_read_at_run_time() -> None:
    graph = GraphBuilder("sizes")
    shape = Tensor(graph, graph.input("x", FLOAT, ["h", "w"])).node("Shape")
    cells = count_up((shape.size(0) * shape.size(1)).squeeze(0))
    (cells % shape.size(1)).to_float().output("columns", ["cells"])
    assert run(graph, {"x": np.zeros((2, 3), np.float32)})[0].tolist() == [0, 1, 2, 0, 1, 2]


def test_equal_small_constants_are_stored_once() -> None:
    graph = GraphBuilder("constants")
    assert graph.constant(integers(1, 2)) == graph.constant(integers(1, 2))
    assert graph.constant(integers(1, 2)) != graph.constant(np.array([1, 2], np.int32))
    large = np.zeros(65, np.float32)
    assert graph.constant(large) != graph.constant(large)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pads"),
    [(4, 3, 1, (1, 1)), (4, 3, 2, (0, 1)), (5, 3, 2, (1, 1)), (4, 2, 2, (0, 0)), (4, 1, 2, (0, 0))],
)
def test_same_padding(size: int, kernel: int, stride: int, pads: tuple[int, int]) -> None:
    begin, end = pads
    assert same_padding((size, 8), (kernel, 1), (stride, 1)) == [begin, 0, end, 0]


def test_image_and_convolution() -> None:
    graph = GraphBuilder("convolution")
    trunk = Trunk(graph)
    image = trunk.image(0.5, 1.0, ["n", 4, 4, 3])
    kernel = np.zeros((1, 3, 3, 3), np.float32)
    # The sum of green over the window, less 14, with ReLU6.
    kernel[0, 1] = 1
    layer = Convolution(kernel, np.array([-14.0], np.float32), (2, 2), True, False, "Relu6")
    output, size = trunk.convolve(image, layer, (4, 4))
    output.output("y", ["n", 1, 2, 2])
    assert size == (2, 2)
    pixels = np.zeros((1, 4, 4, 3), np.uint8)
    pixels[0, :, :, 1] = 4  # 4 * 0.5 + 1 = 3 in each place; padding is zero
    pixels[0, :, :, 0] = 255
    # Stride 2 pads the end alone, so the windows hold 9, 6, 6 and 4 places: 27, 18, 18, 12.
    assert run(graph, {"image": pixels})[0].tolist() == [[[[6.0, 4.0], [4.0, 0.0]]]]


def test_eight_bits_stay_close_to_thirty_two() -> None:
    rng = np.random.default_rng(3)
    kernels = [rng.normal(0, 0.3, shape) for shape in ((8, 3, 3, 3), (8, 1, 3, 3), (8, 8, 1, 1))]
    bias = rng.normal(0, 0.3, 8)
    ends = ("Relu6", "Relu", None)

    def network(trunk: Trunk) -> GraphBuilder:
        value, size = trunk.image(2 / 255, -1.0, ["n", 16, 16, 3]), (16, 16)
        for number, (kernel, end) in enumerate(zip(kernels, ends, strict=True)):
            layer = Convolution(
                kernel.astype(np.float32), bias, (1, 1), True, kernel.shape[1] == 1, end
            )
            before = value
            value, size = trunk.convolve(value, layer, size)
            value = trunk.add(before, value) if number else value
        trunk.resize(value, (2, 2), True, False).output("y", ["n", 8, 32, 32])
        return trunk.graph

    images = rng.integers(0, 256, (4, 16, 16, 3), np.uint8)
    observed = ObservedTrunk(GraphBuilder("observed"))
    *layers, exact = run(network(observed), {"image": images})
    assert len(layers) == len(observed.layers) == 6
    ranges = [(float(layer.min()), float(layer.max())) for layer in layers]
    (close,) = run(network(QuantisedTrunk(GraphBuilder("eight"), ranges)), {"image": images})
    error = np.abs(close - exact)
    step = (exact.max() - exact.min()) / 255
    assert 0 < error.max() < 6 * step and error.mean() < step
    with pytest.raises(ConversionError, match="fewer calibrated ranges"):
        network(QuantisedTrunk(GraphBuilder("short"), ranges[:-1]))


def test_channels_of_zeros_change_nothing() -> None:
    rng = np.random.default_rng(4)
    kernels = [rng.normal(0, 0.3, shape) for shape in ((6, 3, 3, 3), (6, 1, 3, 3), (5, 6, 1, 1))]

    def network(trunk: Trunk) -> GraphBuilder:
        value, size = trunk.image(2 / 255, -1.0, ["n", 16, 16, 3]), (16, 16)
        for kernel in kernels:
            bias = np.arange(len(kernel), dtype=np.float32) / 10
            layer = Convolution(
                kernel.astype(np.float32), bias, (1, 1), True, kernel.shape[1] == 1, "Relu6"
            )
            value, size = trunk.convolve(value, layer, size)
        value.output("y", ["n", 5, 16, 16])
        return trunk.graph

    images = rng.integers(0, 256, (2, 16, 16, 3), np.uint8)
    ranges = [(0.0, 3.0)] * 3
    narrow, filled = (
        network(QuantisedTrunk(GraphBuilder("eight"), ranges, block)) for block in (1, 8)
    )
    assert len(filled.serialise({})) > len(narrow.serialise({}))
    (one,), (other,) = (run(graph, {"image": images}) for graph in (narrow, filled))
    assert one.any()
    assert (one == other).all()


def test_weights_keep_float32_where_float16_would_lose() -> None:
    exact, lossy = np.full((1, 100), 0.5, np.float32), np.full((1, 100), 0.1, np.float32)
    lengths = []
    for values in (exact, lossy):
        graph = GraphBuilder("weight")
        value = Tensor(graph, graph.input("x", FLOAT, ["n", 100]))
        (value * Trunk(graph).weight(values)).output("y", ["n", 100])
        lengths.append(len(graph.serialise()))
        assert np.array_equal(run(graph, {"x": np.ones((1, 100), np.float32)})[0], values)
    assert lengths[1] - lengths[0] > 100


def test_unknown_activation_is_refused() -> None:
    graph = GraphBuilder("activation")
    value = Tensor(graph, graph.input("x", FLOAT, [1]))
    with pytest.raises(ConversionError, match="Swish"):
        Trunk(graph).activate(value, "Swish")


def test_single_person_head_by_hand() -> None:
    side, names = 4, {"heatmap": 17, "regression": 34, "offset": 34, "centre": 1}
    graph = GraphBuilder("head")
    raw_heads = {k: Tensor(graph, graph.input(k, FLOAT, ["n", c, 4, 4])) for k, c in names.items()}
    same = Convolution(np.eye(34).reshape(34, 34, 1, 1), None, (1, 1), True, False, None)
    few = {k: Projection(Trunk(graph), raw_heads.pop(k), same) for k in ("regression", "offset")}
    single_person(Heads(**raw_heads, **few), np.ones(16), np.asarray(1.0), side)
    raw = {k: np.full((2, c, side, side), -9.0, np.float32) for k, c in names.items()}
    raw["regression"][:], raw["offset"][:] = 0, 0
    # First image: a person in the cell (1, 2), all keypoints there, a quarter and half a cell on.
    raw["centre"][0, 0, 1, 2] = raw["heatmap"][0, :, 1, 2] = 2
    raw["offset"][0, 0::2, 1, 2], raw["offset"][0, 1::2, 1, 2] = 0.25, 0.5
    # Second: centre (3, 3), regressed to (2, 2); an equal peak farther from there must lose.
    raw["centre"][1, 0, 3, 3] = raw["heatmap"][1, :, 2, 2] = raw["heatmap"][1, :, 0, 0] = 2
    raw["regression"][1, :, 3, 3] = -1
    keypoints = run(graph, raw)[0]
    score = 1 / (1 + np.exp(-2.0))
    assert keypoints.shape == (2, 17, 3)
    assert np.allclose(keypoints[0], [1.25 / 4, 2.5 / 4, score], atol=1e-6)
    assert np.allclose(keypoints[1], [2 / 4, 2 / 4, score], atol=1e-6)


def test_joints_in_the_middle_of_the_square_are_where_they_are_in_the_square() -> None:
    side, names = 8, {"heatmap": 17, "regression": 34, "offset": 34, "centre": 1}
    graph = GraphBuilder("head")
    raw_heads = {
        k: Tensor(graph, graph.input(k, FLOAT, ["n", c, "h", "w"])) for k, c in names.items()
    }
    same = Convolution(np.eye(34).reshape(34, 34, 1, 1), None, (1, 1), True, False, None)
    few = {k: Projection(Trunk(graph), raw_heads.pop(k), same) for k in ("regression", "offset")}
    rng = np.random.default_rng(3)
    weight = rng.uniform(0.5, 1.5, side * side).astype(np.float32)
    single_person(Heads(**raw_heads, **few), weight, np.asarray(1.8), side)
    whole = {k: np.full((1, c, side, side), -20.0, np.float32) for k, c in names.items()}
    middle = (slice(None), slice(None), slice(1, 7), slice(2, 6))
    for k, c in names.items():
        whole[k][middle] = rng.normal(0, 1, (1, c, 6, 4))
    part = {k: np.ascontiguousarray(value[middle]) for k, value in whole.items()}
    assert np.array_equal(run(graph, whole)[0], run(graph, part)[0])


@pytest.mark.parametrize("kind", ["float32", "float16", "8 bits"])
def test_a_projection_is_the_layer_at_its_cells(kind: str) -> None:
    rng = np.random.default_rng(5)
    first = rng.normal(0, 0.3, (8, 3, 3, 3)).astype(np.float32)
    last = rng.normal(0, 0.3, (34, 8, 1, 1)).astype(np.float16).astype(np.float32)
    bias = rng.normal(0, 0.3, 34).astype(np.float16).astype(np.float32)
    cells = rng.integers(0, 64, (2, 1, 17))

    def network(few: bool) -> GraphBuilder:
        graph = GraphBuilder("heads")
        ranges = [(0.0, 3.0)] * 2
        trunk = {"float32": Trunk(graph), "float16": HalfTrunk(graph)}.get(
            kind, QuantisedTrunk(graph, ranges, block=16)
        )
        value, size = trunk.image(2 / 255, -1.0, ["n", 8, 8, 3]), (8, 8)
        value, size = trunk.convolve(
            value, Convolution(first, None, (1, 1), True, False, "Relu"), size
        )
        layer = Convolution(last, bias, (1, 1), True, False, None)
        if few:
            where = Tensor(graph, graph.input("cells", INT64, ["n", 1, 17]))
            trunk.projection(value, layer, size).at(where, 17).output("y", ["n", 17, 2])
        else:
            trunk.project(value, layer, size)[0].output("y", ["n", 34, 8, 8])
        return graph

    images = rng.integers(0, 256, (2, 8, 8, 3), np.uint8)
    (everywhere,) = run(network(False), {"image": images})
    (picked,) = run(network(True), {"image": images, "cells": cells})
    grid = everywhere.reshape(2, 17, 2, 64)
    for image, group in np.ndindex(2, 17):
        expected = grid[image, group, :, cells[image, 0, group]]
        assert picked[image, group] == pytest.approx(expected, abs=2e-3)


def test_a_head_that_is_no_projection_is_refused() -> None:
    trunk = Trunk(GraphBuilder("heads"))
    value = trunk.image(1.0, 0.0, ["n", 8, 8, 3])
    wide = Convolution(np.zeros((34, 3, 3, 3), np.float32), None, (1, 1), True, False, None)
    with pytest.raises(ConversionError, match="not a projection"):
        trunk.projection(value, wide, (8, 8))


def test_nanodet_decoding_by_hand() -> None:
    graph = GraphBuilder("decode")
    boxes, scores = _decode(8, Tensor(graph, graph.input("head", FLOAT, ["n", 45, "h", "w"])))
    boxes.output("boxes", ["n", 4, "a"])
    scores.output("scores", ["n", "a"])
    head = np.full((1, 45, 1, 2), -60.0, np.float32)
    head[0, 0] = [[0.0, np.log(3.0)]]
    for side, bin_number in enumerate((1, 2, 3, 4)):
        head[0, 1 + 11 * side + bin_number] = 60
    # Centres are (4, 4) and (12, 4); left, top, right, bottom are 8, 16, 24 and 32 pixels.
    found, likelihood = run(graph, {"head": head})
    assert np.allclose(found[0].T, [[-4, -12, 28, 36], [4, -12, 36, 36]])
    assert np.allclose(likelihood, [[0.5, 0.75]])


def test_blazepose_anchors() -> None:
    centres = anchors()
    assert centres.shape == (2254, 2)
    assert np.allclose(centres[:3], [[0.5 / 28, 0.5 / 28]] * 2 + [[1.5 / 28, 0.5 / 28]])
    assert np.allclose(centres[-1], 6.5 / 7)
