"""Logs of 33 landmarks are analysed by their 17 COCO joints and said whole."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tests.synthetic.analysis import entries_of
from tests.synthetic.perform import Script, perform
from worker.contract.keypoints import COCO_NAMES
from worker.contract.landmarks import MEDIAPIPE_NAMES, names_of
from worker.contract.messages import Counter, Keypoints, KeypointsBatch, decode, encode
from worker.contract.options import JobOptions
from worker.contract.poses import coco_joints

EVERYTHING = JobOptions(exercise="squat", keypoints=True, angles=True, recommendations=True)


def test_a_log_of_33_says_what_one_of_17_says() -> None:
    head, chunk = perform(Script(noise=0.006, dropout=0.05))
    wide = np.full((len(chunk), 33, 7), 0.4, np.float32)
    wide[..., 3:] = [-0.123456, 0.00004, 1.23456, -0.5]
    wide[~chunk.keypoints.any(axis=(1, 2))] = 0
    for column, name in enumerate(COCO_NAMES):
        wide[:, MEDIAPIPE_NAMES.index(name), :3] = chunk.keypoints[:, column]
    plain, first = entries_of(head, [chunk], EVERYTHING)
    head33 = msgspec.structs.replace(head, keypoints=33)
    rich, second = entries_of(head33, [replace(chunk, keypoints=wide)], EVERYTHING)
    assert first.result == second.result and second.result.count == 3
    counters = [
        [e.message for e in entries if isinstance(e.message, Counter)] for entries in (plain, rich)
    ]
    assert counters[0] == counters[1]
    said = decode(encode(next(e.message for e in rich if isinstance(e.message, Keypoints))))
    assert isinstance(said, Keypoints)
    assert tuple(joint.name for joint in said.keypoints) == MEDIAPIPE_NAMES
    assert {joint.z for joint in said.keypoints} == {-0.12346}
    assert said.world == ((0.0, 1.2346, -0.5),) * 33
    text = encode(next(e.message for e in plain if isinstance(e.message, Keypoints)))
    flat = decode(text)
    assert isinstance(flat, Keypoints)
    assert {joint.z for joint in flat.keypoints} == {0} and flat.world is None
    assert b"world" not in text
    batch = rich[-1].message
    assert isinstance(batch, KeypointsBatch) and batch.frames is not None
    assert len(batch.frames[0].keypoints) == 33
    assert batch.frames[0].world == said.world


def test_nobody_in_a_log_of_33() -> None:
    head, chunk = perform(Script())
    empty = replace(chunk, keypoints=np.zeros((len(chunk), 33, 3), np.float32))
    head = msgspec.structs.replace(head, keypoints=33)
    entries, analysis = entries_of(head, [empty], EVERYTHING)
    assert analysis.result.count == 0 and entries


def test_the_names() -> None:
    assert len(set(MEDIAPIPE_NAMES)) == 33 and set(COCO_NAMES) <= set(MEDIAPIPE_NAMES)
    assert names_of(17) == COCO_NAMES
    joints = np.zeros((2, 17, 3), np.float32)
    assert coco_joints(joints) is joints
    assert coco_joints(np.zeros((2, 33, 7), np.float32)).shape == (2, 17, 3)
    with pytest.raises(ValueError, match="17 or 33"):
        names_of(21)
