"""`posequeue submit`, `jobs`, `job`, `messages`, `cancel`, `analyze-again` against a real API."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.storage.factories import counters, patient
from worker.cli.main import app
from worker.contract.jobs import JobStatus
from worker.lifecycle.completion import complete_job
from worker.storage.stores import Stores

pytestmark = pytest.mark.usefixtures("api_server")


def run(*arguments: str | Path, code: int = 0) -> str:
    ran = CliRunner().invoke(app, [str(one) for one in arguments])
    assert ran.exit_code == code, ran.output
    return ran.stdout.strip()


def shown(*arguments: str | Path) -> dict[str, Any]:
    view: dict[str, Any] = json.loads(run(*arguments))
    return view


def play(stores: Stores, job_id: str, status: JobStatus = JobStatus.SUCCEEDED) -> None:
    """The worker's part of a job."""
    stores = patient(stores)
    token = stores.leases.claim(job_id).token
    stores.leases.commit(job_id, token, counters(1, 3))
    complete_job(stores, stores.jobs.get(job_id), token, status)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos, a picture and what is neither."""
    for name in ("a.mp4", "b.mov", "c.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_a_job_from_file_to_messages(stores: Stores, folder: Path) -> None:
    made = shown("submit", folder / "a.mp4", "--exercise", "squat", "--priority", "high")
    assert (made["status"], made["options"]["exercise"]) == ("queued", "squat")
    upload = stores.uploads.get(str(stores.jobs.get(made["id"]).input.uploadId), "acme")
    assert stores.objects.get(upload.key) == b"a.mp4"
    assert stores.jobs.get(made["id"]).priority == "high"
    play(stores, made["id"])
    assert shown("job", made["id"])["status"] == "succeeded"
    said = [json.loads(line) for line in run("messages", made["id"]).splitlines()]
    assert [one["type"] for one in said] == ["counter"] * 3 + ["done"]
    behind = run("messages", made["id"], "--after", "2-1", "--types", "counter")
    assert json.loads(behind)["current_count"] == 3
    assert made["id"] in run("jobs") and run("jobs", "--status", "failed") == ""
    again = shown("analyze-again", made["id"], "--exercise", "lunge")
    assert again["id"] != made["id"] and again["options"]["exercise"] == "lunge"
    assert stores.jobs.get(again["id"]).input.posesOf == made["id"]
    assert shown("cancel", again["id"])["status"] == "canceled"


def test_a_folder_and_an_address(stores: Stores, folder: Path) -> None:
    run("submit", folder)
    run("submit", "https://media.example/d.mp4")
    made = [stores.jobs.get(line.split()[0]) for line in run("jobs").splitlines()]
    assert [job.input.filename or job.input.url for job in made] == [
        "https://media.example/d.mp4", "c.jpg", "b.mov", "a.mp4",
    ]  # fmt: skip
    assert [job.source for job in made] == ["video", "image", "video", "video"]


@pytest.mark.parametrize(("status", "code"), [(JobStatus.SUCCEEDED, 0), (JobStatus.FAILED, 1)])
def test_follow_prints_messages_and_ends_as_the_job_does(
    stores: Stores, folder: Path, status: JobStatus, code: int
) -> None:
    def work() -> None:
        while (pulled := stores.fair_queue.pop("pose.cpu")) is None:
            stopping.wait(0.02)
        play(stores, pulled[0], status)

    stopping = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    lines = run("submit", folder / "a.mp4", "--follow", code=code).splitlines()
    worker.join(20)
    said = [json.loads(line) for line in lines]
    assert [one["type"] for one in said] == ["counter"] * 3 + ["done"]
    assert said[-1]["status"] == status.value


def test_refusals_end_with_one_and_wrong_usage_with_two(folder: Path) -> None:
    run("job", "job_0", code=1)
    run("submit", folder / "a.mp4", "--exercise", "moonwalk", code=2)
    run("submit", folder / "none.mp4", code=2)
    run("submit", folder / "notes.txt", "--priority", "urgent", code=1)
