"""Wrong usage, options, and the commands that need neither server nor model."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
import typer
from typer.testing import CliRunner

from api.client import operations
from tests.cli.conftest import Program
from worker.cli import jobs
from worker.cli.main import app
from worker.cli.options import _snake, job_options, kebab
from worker.contract.exercises import CATALOGUE
from worker.contract.options import PARSERS, JobOptions
from worker.contract.pose_log import END, framed
from worker.pose.inference import providers
from worker.pose.weights.registry import MODELS

FILE = "clip.mp4"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with files of every wrong kind."""
    monkeypatch.chdir(tmp_path)
    Path(FILE).write_bytes(b"not looked at")
    Path("garbage.bin").write_bytes(b"garbage")
    Path("empty.bin").touch()
    Path("headless.bin").write_bytes(framed(b"{}") + framed(END))
    Path("folder").mkdir()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--poses"),
        ([FILE, "--export", "nowhere/out.mp4"], "there is no folder"),
        ([FILE, "--report", "folder"], "is a folder"),
        ([FILE, "--poses", "nowhere/poses.bin"], "there is no folder"),
        ([FILE, "--export", "folder/../clip.mp4"], "would replace clip.mp4 itself"),
        ([FILE, "--exercise", "sqat"], "Did you mean squat?"),
        (["none.mp4"], "no file none.mp4"),
        (["folder"], "no file folder"),
        ([FILE, "--exercise", "moonwalk"], "moonwalk"),
        ([FILE, "--min-grade", "E"], "minGrade"),
        ([FILE, "--exercise", "squat", "--reference", "r"], "reference"),
        ([FILE, "--exercise", "jump_analysis"], "userHeightCm"),
        ([FILE, "--source", "audio"], "source"),
        ([FILE, "--edition", "v9"], "--edition"),
        ([FILE, "--threads", "many"], "--threads"),
        ([FILE, "--no-such-option"], "--no-such-option"),
        (["--poses", "none.bin"], "--poses"),
        (["--poses", "garbage.bin"], "garbage.bin"),
        (["--poses", "empty.bin"], "empty.bin"),
        (["--poses", "headless.bin"], "headless.bin"),
    ],
)
def test_wrong_usage_says_what_is_wrong_on_stderr_alone(arguments: list[str], says: str) -> None:
    ran = CliRunner().invoke(app, ["analyze", *arguments])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert says in ran.stderr.replace("\n", " ")


def test_wrong_usage_of_the_program_itself(program: Program) -> None:
    ran = program("analyze", "none.mp4")
    assert (ran.code, ran.out) == (2, b"")
    assert "none.mp4" in ran.err


def test_every_option_of_a_job_is_an_option_of_the_command() -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, click.Group) or hasattr(command, "commands")
    for name in ("analyze", "submit"):
        flags = {flag for p in command.commands[name].params for flag in p.opts}  # type: ignore[attr-defined]
        assert {f"--{kebab(option)}" for option in PARSERS} <= flags


@pytest.mark.parametrize(
    ("name", "option", "argument"),
    [
        ("minGrade", "min-grade", "min_grade"),
        ("userHeightCm", "user-height-cm", "user_height_cm"),
        ("keypoints", "keypoints", "keypoints"),
        ("poseBackend", "pose-backend", "pose_backend"),
    ],
)
def test_names(name: str, option: str, argument: str) -> None:
    assert (kebab(name), _snake(name)) == (option, argument)


def test_only_what_was_given_is_asked_for() -> None:
    given = {_snake(name): getattr(JobOptions(), name) for name in PARSERS}
    assert job_options(given) == {}
    given |= {"min_grade": "b", "keypoints": True, "skeleton": False, "difficulty": None}
    assert job_options(given, export=True) == {
        "minGrade": "b", "keypoints": True, "skeleton": False, "export": True
    }  # fmt: skip
    with pytest.raises(typer.BadParameter, match="moonwalk"):
        job_options({"exercise": "moonwalk"})


def test_what_to_submit() -> None:
    for name in ("b.JPG", "a.mov", "notes.txt"):
        (Path("folder") / name).touch()
    assert jobs._inputs("folder") == [Path("folder/a.mov"), Path("folder/b.JPG")]
    assert jobs._inputs(FILE) == [Path(FILE)]
    assert jobs._inputs("https://media.example/a.mp4") == ["https://media.example/a.mp4"]
    Path("bare").mkdir()
    for wrong in ("none", "bare"):
        with pytest.raises(typer.BadParameter, match=wrong):
            jobs._inputs(wrong)
    assert jobs._source(Path("b.JPG"), {}) == {"source": "image"}
    assert jobs._source("https://media.example/a.png?x=1", {}) == {"source": "image"}
    assert jobs._source(Path("b.JPG"), {"source": "video"}) == {"source": "video"}
    assert jobs._source(Path("a.mov"), {}) == {}


def test_without_a_server_it_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSEQUEUE_SERVER", "POSEQUEUE_KEY", "POSEQUEUE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    for arguments in (["jobs"], ["submit", FILE], ["cancel", "job_1"]):
        ran = CliRunner().invoke(app, arguments)
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert "posequeue up" in ran.stderr
    monkeypatch.setenv("POSEQUEUE_SERVER", "http://127.0.0.1:9")
    monkeypatch.setenv("POSEQUEUE_KEY", "pq_x")
    monkeypatch.setattr(operations, "PAUSE_S", 0.001)
    ran = CliRunner().invoke(app, ["jobs"])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "http://127.0.0.1:9 does not answer" in ran.stderr


def test_the_doctor_names_the_remedy(program: Program, tmp_path: Path) -> None:
    ran = program("doctor", "--no-servers", POSEQUEUE_MODELS_DIR=str(tmp_path))
    assert ran.code == 1
    lines = ran.out.decode().splitlines()
    states = {line.split()[1]: line.split()[0] for line in lines if not line.startswith(" ")}
    assert states["models"] == states["provider"] == "missing"
    assert states["ffmpeg"] == states["inference"] == "ok"
    assert any("posequeue models install" in line for line in lines)


@pytest.mark.models
def test_the_doctor_is_content(program: Program, models_dir: Path) -> None:
    ran = program("doctor", "--no-servers", POSEQUEUE_MODELS_DIR=str(models_dir))
    assert ran.code == 0, ran.out
    assert all(line.startswith("ok ") for line in ran.out.decode().splitlines())
    servers = {"POSEQUEUE_REDIS_URL": "redis://127.0.0.1:9/0"}
    servers |= {"POSEQUEUE_S3_ENDPOINT": "http://127.0.0.1:9", "POSEQUEUE_S3_ACCESS_KEY": "a"}
    servers |= {"POSEQUEUE_S3_SECRET_KEY": "b"}
    ran = program("doctor", POSEQUEUE_MODELS_DIR=str(models_dir), **servers)
    assert ran.code == 1
    missing = [line.split()[1] for line in ran.out.decode().splitlines() if line[0] == "m"]
    assert missing == ["redis", "s3", "public"]


@pytest.mark.models
def test_the_doctor_says_that_a_gpu_is_not_used(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "DRIVER", models_dir)  # something that is there
    monkeypatch.setattr(providers.ort, "get_available_providers", lambda: [providers.CPU])
    monkeypatch.setenv("POSEQUEUE_MODELS_DIR", str(models_dir))
    ran = CliRunner().invoke(app, ["doctor", "--no-servers"])
    (line,) = (one for one in ran.stdout.splitlines() if " provider " in one)
    assert line.startswith("ok ")
    assert "CPUExecutionProvider, though a GPU is here" in line


def test_lists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSEQUEUE_MODELS_DIR", str(tmp_path))
    ran = CliRunner().invoke(app, ["models", "list"])
    lines = {line.split()[0]: line for line in ran.stdout.splitlines()}
    assert set(lines) == set(MODELS)
    assert not any("installed" in line for line in lines.values())
    ran = CliRunner().invoke(app, ["exercises"])
    assert [line.split()[0] for line in ran.stdout.splitlines()] == [*CATALOGUE, "auto"]
    ran = CliRunner().invoke(app, ["models", "install", "yolo"])
    assert ran.exit_code == 2
    assert "movenet_thunder" in ran.stderr
    ran = CliRunner().invoke(app, ["worker", "--queues", "pose.cpu,typo"])
    assert ran.exit_code == 2
    assert "typo" in ran.stderr
