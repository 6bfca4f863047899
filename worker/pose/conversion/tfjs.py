"""Reads a TensorFlow.js graph model: the nodes of its topology, and its weights.

Format: model.json holds `modelTopology.node` (TensorFlow NodeDefs as JSON) and `weightsManifest`,
whose groups name the binary files and list each weight's name, shape, dtype and quantisation
(tfjs-converter's `write_weights`).
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from worker.pose.conversion.errors import ConversionError
from worker.pose.conversion.onnx_writer import Array

Node: TypeAlias = dict[str, Any]
_STORED_TYPES = {"float32": "float32", "int32": "int32", "bool": "uint8"}


def load_tfjs(files: Mapping[str, bytes], model: str) -> tuple[list[Node], dict[str, Array]]:
    """The nodes in topological order and the weights by node name.

    `files` maps plain file names to bytes; `model` names the JSON file among them. Raises
    ConversionError if a weight file is missing or not as long as the manifest says.
    """
    description = json.loads(files[model])
    weights: dict[str, Array] = {}
    for group in description["weightsManifest"]:
        missing = [path for path in group["paths"] if path not in files]
        if missing:
            raise ConversionError(f"{model} needs {missing}, which the package did not give")
        data = b"".join(files[path] for path in group["paths"])
        weights.update(_group_weights(group["weights"], data, model))
    return description["modelTopology"]["node"], weights


def _group_weights(entries: list[Node], data: bytes, model: str) -> Iterator[tuple[str, Array]]:
    offset = 0
    for entry in entries:
        count = math.prod(entry["shape"])
        quantisation = entry.get("quantization")
        stored = quantisation["dtype"] if quantisation else _STORED_TYPES[entry["dtype"]]
        if offset + count * np.dtype(stored).itemsize > len(data):
            raise ConversionError(f"the weight file of {model} is shorter than its manifest")
        values: Array = np.frombuffer(data, stored, count, offset)
        offset += values.nbytes
        if quantisation:
            values = values.astype(np.float32)
            # float16 is stored as it is; integers as an affine code.
            if stored != "float16":
                values = values * quantisation["scale"] + quantisation["min"]
        yield entry["name"], values.reshape(entry["shape"])
    if offset != len(data):
        raise ConversionError(f"the weight file of {model} is longer than its manifest")


def input_names(node: Node) -> list[str]:
    """Names of the nodes that `node` reads, without their output numbers."""
    return [name.split(":")[0] for name in node.get("input", [])]


def attribute(node: Node, name: str, default: Any = None) -> Any:
    """A NodeDef attribute as int, bool, float, str or a list of int or str; else `default`."""
    value = node.get("attr", {}).get(name)
    if value is None:
        return default
    if "i" in value:
        return int(value["i"])
    if "s" in value:
        return base64.b64decode(value["s"]).decode()
    if "list" in value:
        return _list(value["list"])
    return value.get("b", value.get("f", value))


def _list(value: dict[str, Any]) -> list[Any]:
    if "i" in value:
        return [int(item) for item in value["i"]]
    return [base64.b64decode(item).decode() for item in value.get("s", [])]
