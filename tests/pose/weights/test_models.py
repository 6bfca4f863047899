"""The default models as installed: pinned bytes, and answers that do not depend on the batch."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from worker.pose.weights.install import install, installed
from worker.pose.weights.registry import DEFAULT_MODELS, MODELS

pytestmark = pytest.mark.models


@pytest.mark.parametrize("name", DEFAULT_MODELS)
def test_bytes_are_pinned(models_dir: Path, name: str) -> None:
    spec = MODELS[name]
    data = (models_dir / spec.file).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (spec.bytes, spec.sha256)
    assert installed(models_dir, [name]) == {name: models_dir / spec.file}


def test_installing_again_does_nothing(models_dir: Path) -> None:
    steps: list[str] = []
    paths = install(DEFAULT_MODELS, models_dir, progress=steps.append)
    assert set(paths) == set(DEFAULT_MODELS)
    assert steps == []


@pytest.mark.parametrize("name", DEFAULT_MODELS)
def test_batch_of_four_equals_four_batches_of_one(models_dir: Path, name: str) -> None:
    spec = MODELS[name]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        models_dir / spec.file, options, providers=["CPUExecutionProvider"]
    )
    height, width = (160, 96) if spec.multiple_of else spec.input_size
    images = np.random.default_rng(1).integers(0, 256, (4, height, width, 3), np.uint8)
    together = session.run(None, {"image": images})
    for number in range(4):
        alone = session.run(None, {"image": images[number : number + 1]})
        for batch, single in zip(together, alone, strict=True):
            assert np.allclose(batch[number], single[0], atol=1e-4)
    first = together[0]
    assert not np.allclose(first[0], first[1])
    expected = {
        "single_pose": (4, 17, 3),
        "person_detector": (4, 20 * 12 + 10 * 6 + 5 * 3, 4),
        "body_detector": (4, 28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 12),
        "body_landmarks": (4, 39, 5),
    }
    assert first.shape == expected[spec.kind]
