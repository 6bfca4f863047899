"""`posequeue evaluate` on a folder of pose logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from tests.synthetic.perform import Camera, Script, perform
from worker.cli.main import app
from worker.contract.pose_log import END, framed
from worker.contract.poses import encode_chunk, encode_head

SIDE = Script(camera=Camera(yaw=90), noise=0.004)


def put(folder: Path, name: str, script: Script) -> None:
    """Writes the pose log of a performance."""
    head, chunk = perform(script)
    log = (encode_head(head), encode_chunk(chunk), END)
    (folder / f"{name}.poses").write_bytes(b"".join(map(framed, log)))


def test_figures_reasons_and_a_page(tmp_path: Path) -> None:
    put(tmp_path, "three.mp4", SIDE)
    put(tmp_path, "shallow.mp4", replace(SIDE, depths=(1.0, 0.46, 1.0, 1.0)))
    labels = [
        {"clip": "three.mp4", "exerciseId": "squat", "reps": 3, "reps_accept": [3]},
        {"clip": "shallow.mp4", "exerciseId": "face_squat", "reps": 5, "reps_accept": [5]},
        {"clip": "elsewhere.mp4", "exerciseId": "squat", "reps": 1},
        {"clip": "jump.mp4", "exerciseId": "air_time_jump", "reps": 1},
        {"clip": "nothing.mp4", "exerciseId": None, "reps": 0},
    ]
    path, page = tmp_path / "labels.json", tmp_path / "page.html"
    path.write_bytes(msgspec.json.encode(labels))
    options = ["--poses", str(tmp_path), "--page", str(page)]
    result = CliRunner().invoke(app, ["evaluate", str(path), *options])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["all", "2", "0.500", "0.500", "0.200", "2", "0"] in lines
    assert ["squat", "2", "0.500", "0.500", "0.200", "2", "0"] in lines
    assert ["not", "counted:", "1", "too_shallow"] in lines
    assert "shallow.mp4: squat, right is 5, said 3" in result.stderr
    text = page.read_text()
    assert "<svg" in text and "too_shallow" in text and "shallow.mp4" in text


def test_labels_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text('{"clip": 1}')
    assert CliRunner().invoke(app, ["evaluate", str(path)]).exit_code == 2
    path.write_text('[{"clip": "a.mp4", "exerciseId": "no_such_thing", "reps": 1}]')
    assert CliRunner().invoke(app, ["evaluate", str(path)]).exit_code == 2
