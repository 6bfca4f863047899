"""ONNX files with the inputs and outputs of other people's networks, whose answers are plain."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from worker.pose.conversion.onnx_writer import FLOAT, INT64, GraphBuilder


def simcc(path: Path, size: tuple[int, int], gain: float = 0.1) -> None:
    """As RTMPose: the brightest column and row of the first channel, times `gain`, for all joints;
    a pixel is two bins."""
    height, width = size
    graph = GraphBuilder("simcc")
    image = graph.input("input", FLOAT, ["n", 3, height, width])
    first = graph.node("Gather", [image, np.array([0], np.int64)], axis=1)
    dim = graph.node("Mul", [first, np.array(gain, np.float32)])
    for name, axis, length in (("simcc_x", 2, width), ("simcc_y", 3, height)):
        profile = graph.node("ReduceMax", [dim], axes=[axis], keepdims=0)
        bins = np.repeat(np.arange(length, dtype=np.int64), 2)
        fine = graph.node("Gather", [profile, bins], axis=2)
        joints = graph.node("Tile", [fine, np.array([1, 17, 1], np.int64)])
        graph.output(joints, name, FLOAT, ["n", 17, 2 * length])
    path.write_bytes(graph.serialise())


def one_stage(path: Path, dets: np.ndarray, keypoints: np.ndarray, size: int = 640) -> None:
    """As RTMO: always these people, dets [m, 5] and keypoints [m, 17, 3] in input pixels."""
    graph = GraphBuilder("rtmo")
    graph.input("input", FLOAT, ["n", 3, size, size])
    for name, value in (("dets", dets), ("keypoints", keypoints)):
        constant = graph.constant(value[None].astype(np.float32))
        graph.output(constant, name, FLOAT, [1, *value.shape])
    path.write_bytes(graph.serialise())


def yolox(path: Path, dets: np.ndarray, labels: list[int], size: int = 640) -> None:
    """As YOLOX: always these boxes [m, 5] in input pixels and their classes."""
    graph = GraphBuilder("yolox")
    graph.input("input", FLOAT, ["n", 3, size, size])
    boxes = graph.constant(dets[None].astype(np.float32))
    graph.output(boxes, "dets", FLOAT, [1, *dets.shape])
    classes = graph.constant(np.array([labels], np.int64))
    graph.output(classes, "labels", INT64, [1, len(labels)])
    path.write_bytes(graph.serialise())
