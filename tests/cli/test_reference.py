"""`analyze --reference FILE` on recorded poses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.synthetic.perform import perform
from tests.synthetic.references import reference, script_of
from worker.contract.pose_log import END, framed
from worker.contract.poses import encode_chunk, encode_head
from worker.contract.reference_poses import encode_reference


@pytest.fixture
def poses(tmp_path: Path) -> Path:
    """A pose log of two squats."""
    head, chunk = perform(script_of("squat", 2))
    path = tmp_path / "squats.poses"
    path.write_bytes(b"".join(map(framed, (encode_head(head), encode_chunk(chunk), END))))
    return path


def analyze(poses: Path, given: str | Path) -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "worker.cli", "analyze", "--poses", str(poses)]
    command += ["--reference", str(given)]
    wide = {**os.environ, "COLUMNS": "400"}  # no text is broken, however long the path in it
    run = subprocess.run(command, capture_output=True, text=True, env=wide)
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr


def test_a_reference_from_a_file(poses: Path, tmp_path: Path) -> None:
    file = tmp_path / "coach.ref"
    file.write_bytes(encode_reference(reference(script_of("squat", 1))))
    status, said, _ = analyze(poses, file)
    assert status == 0
    summary = next(message for message in said if message["type"] == "exercise_summary")
    assert (summary["exercise"], summary["counter"]) == ("coach", 2)
    assert 0.9 < summary["avg_similarity"] <= 1


def test_an_id_is_none_of_a_file(poses: Path) -> None:
    status, said, _ = analyze(poses, "ref_0")
    assert status == 1
    assert [message["type"] for message in said] == ["error", "done"]
    assert said[0]["code"] == "reference_not_found"


def test_a_file_that_is_no_reference(poses: Path) -> None:
    status, said, errors = analyze(poses, poses)
    assert (status, said) == (2, [])
    assert "is not a reference" in errors
