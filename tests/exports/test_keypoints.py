from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from worker.contract.messages import KeypointsBatch, encode
from worker.contract.options import JobOptions
from worker.contract.pose_log import END
from worker.contract.poses import decode_chunk, encode_chunk
from worker.exports.keypoints import write_lines, write_parquet
from worker.pipeline.pipeline import Pipeline


@pytest.fixture
def gap(squats: list[bytes]) -> list[bytes]:
    """The log with nobody in the first chunk's frames 3 to 7."""
    chunk = decode_chunk(squats[1])
    joints = chunk.keypoints.copy()
    joints[3:8] = 0
    whole = type(chunk)(chunk.index, chunk.first, chunk.times_us, joints, chunk.boxes, chunk.state)
    return [squats[0], encode_chunk(whole), *squats[2:]]


def test_lines_are_the_frames_of_the_batch(gap: list[bytes], tmp_path: Path) -> None:
    write_lines(lambda: gap, tmp_path / "k.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "k.jsonl").read_text().splitlines()]
    steps = Pipeline(None, JobOptions(keypoints=True), None, gap).steps()
    said = [entry.message for step in steps for entry in step.entries]
    batch = next(message for message in said if isinstance(message, KeypointsBatch))
    assert lines == json.loads(encode(batch))["frames"]


def test_the_table_has_every_frame(gap: list[bytes], tmp_path: Path) -> None:
    write_parquet(lambda: gap, tmp_path / "k.parquet")
    table = parquet.read_table(tmp_path / "k.parquet")
    chunks = [decode_chunk(entry) for entry in gap[1:] if entry != END]
    joints = np.concatenate([chunk.keypoints for chunk in chunks])
    times = np.concatenate([chunk.times_us for chunk in chunks])
    assert table.column("frame_id").to_pylist() == list(range(len(joints)))
    assert table.column("timestamp_us").to_pylist() == times.tolist()
    knee = table.column("left_knee_y")
    assert knee.null_count == 5
    assert knee[3].as_py() is None
    assert knee[20].as_py() == pytest.approx(float(joints[20, 13, 1]))
    assert table.num_columns == 3 + 17 * 3
    about = json.loads(table.schema.metadata[b"posequeue"])
    assert about["width"] > 0
    assert about["durationMs"] > 0
