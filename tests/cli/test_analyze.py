"""`posequeue analyze` as a process: messages on stdout and nothing else."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image

from tests.cli.conftest import Program, Ran
from worker.contract.editions import Edition
from worker.contract.pose_log import END, split_log
from worker.contract.schema import message_schema
from worker.media.probing.ffmpeg_tools import find_tools

pytestmark = pytest.mark.models
ASKED = ("--exercise", "squat", "--keypoints", "--angles", "--progression", "--recommendations")


def check(messages: list[dict[str, Any]], edition: Edition = Edition.V3) -> None:
    validator = jsonschema.Draft202012Validator(message_schema(edition))
    for message in messages:
        validator.validate(message)


@pytest.fixture(scope="module")
def made(
    program: Program, brief: Path, models_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Ran, Path, Path]:
    """A run that wrote an export and a pose log."""
    folder = tmp_path_factory.mktemp("made")
    export, poses = folder / "overlay.mp4", folder / "poses.bin"
    ran = program(
        "analyze", brief, *ASKED, "--export", export, "--poses", poses, "--threads", "1",
        POSEQUEUE_MODELS_DIR=str(models_dir), POSEQUEUE_PROVIDER="cpu",
    )  # fmt: skip
    return ran, export, poses


def test_stdout_is_the_job(made: tuple[Ran, Path, Path]) -> None:
    ran = made[0]
    assert (ran.code, ran.err) == (0, "")
    messages = ran.messages
    check(messages)
    kinds = [message["type"] for message in messages]
    assert kinds[:2] == ["initialization", "environment"]
    assert kinds[-4:] == ["exercise_summary", "keypoints_batch", "export_ready", "done"]
    assert messages[-1] == {"type": "done", "status": "succeeded", "messages": len(kinds) - 1}
    assert kinds.count("keypoints") == kinds.count("angles") >= 11


def test_the_export_is_a_video(made: tuple[Ran, Path, Path]) -> None:
    ran, export, _ = made
    ready = ran.messages[-2]
    assert (ready["url"], ready["bytes"]) == (export.as_uri(), export.stat().st_size)
    command = [find_tools().ffprobe, "-v", "error", "-show_streams", "-of", "json", export]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert {s["codec_name"] for s in found["streams"]} == {"h264", "aac"}


def test_a_pose_log_is_analysed_again_without_file_and_models(
    made: tuple[Ran, Path, Path], program: Program
) -> None:
    first, _, poses = made
    assert split_log(poses.read_bytes())[-1] == END
    before = poses.read_bytes()
    again = program("analyze", "--poses", poses, *ASKED)
    assert (again.code, again.err) == (0, "")
    lines = first.out.splitlines()
    assert again.out.splitlines()[:-1] == lines[:-2]  # but the export, and done, which counts it
    assert again.messages[-1]["messages"] == len(lines) - 2
    assert poses.read_bytes() == before


def test_the_superset_has_the_names_of_all_editions(
    made: tuple[Ran, Path, Path], program: Program
) -> None:
    ran = program("analyze", "--poses", made[2], *ASKED, "--edition", "superset")
    assert ran.code == 0
    messages = ran.messages
    check(messages, Edition.SUPERSET)
    for kind, names in {
        "keypoints": ("keypoints", "data"),
        "posture": ("message", "placementMessage"),
        "angles": ("data", "angles"),
    }.items():
        some = [message for message in messages if message["type"] == kind]
        assert some, kind
        assert all(name in message for message in some for name in names)


def test_a_broken_file_is_an_error_and_done(
    program: Program, brief: Path, models_dir: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(brief.read_bytes()[:2000])
    poses = tmp_path / "poses.bin"
    ran = program("analyze", cut, "--poses", poses, POSEQUEUE_MODELS_DIR=str(models_dir))
    assert ran.code == 1
    assert "Traceback" not in ran.err
    check(ran.messages)
    error, done = ran.messages[-2:]
    assert (error["type"], error["code"]) == ("error", "media_decode_error")
    assert (done["type"], done["status"]) == ("done", "failed")
    assert done["error"]["code"] == error["code"]
    assert not poses.exists()


def test_an_image(program: Program, photo: Path, models_dir: Path) -> None:
    ran = program("analyze", photo, "--keypoints", POSEQUEUE_MODELS_DIR=str(models_dir))
    assert (ran.code, ran.err) == (0, "")
    check(ran.messages)
    kinds = [message["type"] for message in ran.messages]
    assert kinds.count("keypoints") == kinds.count("image_overlay") == 1
    overlay = next(m for m in ran.messages if m["type"] == "image_overlay")
    data = base64.b64decode(overlay["dataUrl"].partition(",")[2])
    assert Image.open(io.BytesIO(data)).size == Image.open(photo).size[::-1]


def test_without_models_it_says_how_to_get_them(program: Program, brief: Path) -> None:
    ran = program("analyze", brief, "--exercise", "squat")
    assert (ran.code, ran.out) == (2, b"")
    assert "posequeue models install" in ran.err
    assert "Traceback" not in ran.err
