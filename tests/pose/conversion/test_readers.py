"""The TFJS and TFLite readers on files built by hand."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import onnxruntime
import pytest

from worker.pose.conversion.backbone import Trunk
from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.flatbuffer import Table
from worker.pose.conversion.nanodet import convert as convert_nanodet
from worker.pose.conversion.onnx_writer import GraphBuilder
from worker.pose.conversion.tfjs import attribute, input_names, load_tfjs
from worker.pose.conversion.tflite import TfliteModel
from worker.pose.conversion.tflite_backbone import TfliteTrunk
from worker.pose.conversion.tflite_sparse import densify

# A table by hand: field number to bytes (a scalar), a table, a list of tables, or an array.
Fields = dict[int, Any]


def flatbuffer(root: Fields) -> bytes:
    """Lay tables out front to back, children after their parents."""
    data = bytearray(4)

    def place(table: Fields) -> int:
        slots = max(table, default=-1) + 1
        vtable = len(data)
        start = vtable + 4 + 2 * slots
        start += -start % 4
        offsets = [4 + 8 * field if field in table else 0 for field in range(slots)]
        data.extend(struct.pack(f"<HH{slots}H", 4 + 2 * slots, 4 + 8 * slots, *offsets))
        data.extend(bytes(start + 4 + 8 * slots - len(data)))
        struct.pack_into("<i", data, start, start - vtable)
        for field, value in table.items():
            here = start + offsets[field]
            if isinstance(value, bytes):
                data[here : here + len(value)] = value
            else:
                target = put(value)
                struct.pack_into("<I", data, here, target - here)
        return start

    def put(value: Any) -> int:
        if isinstance(value, dict):
            return place(value)
        data.extend(bytes(-len(data) % 4))
        start = len(data)
        data.extend(struct.pack("<I", len(value)))
        if isinstance(value, np.ndarray):
            data.extend(value.tobytes())
            return start
        data.extend(bytes(4 * len(value)))
        for number, item in enumerate(value):
            here = start + 4 + 4 * number
            struct.pack_into("<I", data, here, place(item) - here)
        return start

    struct.pack_into("<I", data, 0, place(root))
    return bytes(data)


def scalar(code: str, value: float) -> bytes:
    return struct.pack("<" + code, value)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


def convolution_model(code: int) -> bytes:
    """x [1, 4, 4, 3] -> 1x1 convolution to 2 channels with ReLU -> operator `code`."""
    kernel = np.array([[1, 0, 0], [0, -1, 0]], np.float32).reshape(2, 1, 1, 3)
    name = np.frombuffer(b"x", np.uint8)
    tensors = [
        {0: ints(1, 4, 4, 3), 2: scalar("I", 0), 3: name},
        {0: ints(2, 1, 1, 3), 2: scalar("I", 1), 3: name},
        {0: ints(2), 2: scalar("I", 2), 3: name},
        {0: ints(1, 4, 4, 2), 2: scalar("I", 0), 3: name},
        {0: ints(1, 4, 4, 2), 2: scalar("I", 0), 3: name},
    ]
    options = {0: scalar("b", 1), 1: scalar("i", 1), 2: scalar("i", 1), 3: scalar("b", 1)}
    operators = [
        {0: scalar("I", 0), 1: ints(0, 1, 2), 2: ints(3), 4: options},
        {0: scalar("I", 1), 1: ints(3), 2: ints(4)},
    ]
    graph = {0: tensors, 1: ints(0), 2: ints(4), 3: operators}
    raw = [
        np.frombuffer(values.tobytes(), np.uint8)
        for values in (kernel, np.array([0, 9], np.float32))
    ]
    buffers: list[Fields] = [{}, {0: raw[0]}, {0: raw[1]}]
    return flatbuffer({1: [{0: scalar("b", 3)}, {0: scalar("b", code)}], 2: [graph], 4: buffers})


def test_tflite_network_runs_as_onnx() -> None:
    model = TfliteModel.read(convolution_model(14))
    assert [operator.name for operator in model.operators] == ["CONV_2D", "LOGISTIC"]
    graph = GraphBuilder("tiny")
    trunk = Trunk(graph)
    image = trunk.image(1.0, 0.0, ["n", 4, 4, 3])
    outputs = TfliteTrunk(model, trunk, image).emit()
    outputs[(4, 4, 2)].output("y", ["n", 2, 4, 4])
    session = onnxruntime.InferenceSession(graph.serialise(), providers=["CPUExecutionProvider"])
    pixels = np.zeros((2, 4, 4, 3), np.uint8)
    pixels[1, 1, 2] = [3, 5, 7]
    (found,) = session.run(None, {"image": pixels})
    expected = np.zeros((2, 2, 4, 4))
    expected[:, 1] = 9
    expected[1, :, 1, 2] = [3, 4]
    assert np.allclose(found, 1 / (1 + np.exp(-expected)), atol=1e-6)


def test_tflite_unknown_operator_is_refused() -> None:
    model = TfliteModel.read(convolution_model(99))
    graph = GraphBuilder("tiny")
    trunk = Trunk(graph)
    with pytest.raises(ConversionError, match="operator 99"):
        TfliteTrunk(model, trunk, trunk.image(1.0, 0.0, ["n", 4, 4, 3])).emit()


def test_sparse_rows_are_unpacked() -> None:
    # Dense rows, compressed columns (CSR): row 0 holds 5 in column 2; row 1 none; row 2 6 and 7.
    compressed = {
        0: scalar("b", 1),
        2: scalar("B", 1),
        3: {0: ints(0, 1, 1, 3)},
        4: scalar("B", 3),
        5: {0: np.array([2, 0, 3], np.uint8)},
    }
    levels = [{0: scalar("b", 0), 1: scalar("i", 3)}, compressed]
    table = Table.root(flatbuffer({0: ints(0, 1), 2: levels}))
    dense = densify(np.array([5, 6, 7], np.float32), (3, 4), table)
    assert dense.tolist() == [[0, 0, 5, 0], [0, 0, 0, 0], [6, 0, 0, 7]]


def test_sparse_blocks_are_unpacked() -> None:
    # A 4 x 2 matrix of 2 x 1 blocks: block row 1 holds a block in column 0, block row 0 in 1.
    compressed = {
        0: scalar("b", 1),
        2: scalar("B", 3),
        3: {0: np.array([0, 1, 2], np.uint8)},
        4: scalar("B", 2),
        5: {0: np.array([1, 0], np.uint16)},
    }
    levels = [{1: scalar("i", 2)}, compressed, {1: scalar("i", 2)}]
    table = Table.root(flatbuffer({0: ints(0, 1, 2), 1: ints(0), 2: levels}))
    dense = densify(np.array([1, 2, 3, 4], np.float32), (4, 2), table)
    assert dense.tolist() == [[0, 1], [0, 2], [3, 0], [4, 0]]


def tfjs_files(**overrides: bytes) -> dict[str, bytes]:
    entries = [
        {"name": "half", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {
            "name": "code",
            "shape": [1, 2],
            "dtype": "float32",
            "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
        },
        {"name": "whole", "shape": [], "dtype": "int32"},
    ]
    node = {
        "name": "n",
        "op": "Conv2D",
        "input": ["x:0", "half"],
        "attr": {
            "strides": {"list": {"i": ["1", "2", "2", "1"]}},
            "padding": {"s": "U0FNRQ=="},
            "alpha": {"f": 0.25},
            "flag": {"b": False},
        },
    }
    description = {
        "modelTopology": {"node": [node]},
        "weightsManifest": [{"paths": ["w.bin"], "weights": entries}],
    }
    data = np.array([0.5, -2], np.float16).tobytes() + bytes([0, 6]) + scalar("i", 41)
    return {"m.json": json.dumps(description).encode(), "w.bin": data} | overrides


def test_tfjs_weights_and_attributes() -> None:
    (node,), weights = load_tfjs(tfjs_files(), "m.json")
    assert weights["half"].tolist() == [0.5, -2.0]
    assert weights["code"].tolist() == [[-1.0, 2.0]]
    assert weights["whole"].shape == () and int(weights["whole"]) == 41
    assert input_names(node) == ["x", "half"]
    assert attribute(node, "strides") == [1, 2, 2, 1]
    assert attribute(node, "padding") == "SAME"
    assert attribute(node, "alpha") == 0.25
    assert attribute(node, "flag") is False
    assert attribute(node, "none", 7) == 7


@pytest.mark.parametrize(("data", "text"), [(bytes(9), "shorter"), (bytes(11), "longer")])
def test_tfjs_weight_file_of_another_length_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(ConversionError, match=text):
        load_tfjs(tfjs_files(**{"w.bin": data}), "m.json")


def test_tfjs_missing_weight_file_is_refused() -> None:
    files = tfjs_files()
    del files["w.bin"]
    with pytest.raises(ConversionError, match=r"w\.bin"):
        load_tfjs(files, "m.json")


def test_another_network_is_not_taken_for_nanodet() -> None:
    with pytest.raises(ConversionError, match="not NanoDet"):
        convert_nanodet(tfjs_files(), "m.json")
