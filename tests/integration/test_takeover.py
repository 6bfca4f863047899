"""A worker that dies, or is told to go, costs nothing: another one finishes the same stream."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Running, StartWorker, finished, submit
from worker.embedded.processes import Process
from worker.storage.stores import Stores

OPTIONS = {"exercise": "squat", "keypoints": True, "angles": True, "progression": True}


@pytest.fixture(scope="module")
def long_clip(walking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip twice: several chunks."""
    import subprocess

    from worker.media.probing.ffmpeg_tools import find_tools

    clip = tmp_path_factory.mktemp("long") / "long.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-stream_loop", "1", "-i", walking,
               "-c", "copy", clip]  # fmt: skip
    subprocess.run(command, check=True)
    return clip


@pytest.fixture(scope="module")
def undisturbed() -> list[tuple[str, Any]]:
    """The messages of a run that nothing befell; filled by the first test."""
    return []


def messages_of(stores: Stores, job_id: str) -> list[tuple[str, Any]]:
    """All but the links: a claim check's URL names the job."""
    rows = [(entry, json.loads(data)) for entry, _, data in stores.streams.scan(job_id)]
    return [(entry, {k: v for k, v in m.items() if k != "url"}) for entry, m in rows]


def until(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def kill_hard(worker: Process) -> None:
    worker.kill()


def kill_child(worker: Process) -> None:
    """Only the process that runs the job, as the kernel would for its memory."""
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)


def ask_to_go(worker: Process) -> None:
    os.kill(worker.pid, signal.SIGTERM)


@pytest.mark.models
@pytest.mark.parametrize("end", [kill_hard, kill_child, ask_to_go])
def test_the_stream_is_that_of_an_undisturbed_run(
    running: Running,
    start_worker: StartWorker,
    long_clip: Path,
    undisturbed: list[tuple[str, Any]],
    end: Callable[[Process], None],
) -> None:
    stores, client = running.stores, running.client()
    first = start_worker()
    job = submit(client, long_clip, "video/mp4", options=OPTIONS)
    until(lambda: stores.streams.end(job["id"])[1] > 40, "the first chunk")
    end(first)
    start_worker()
    done = finished(client, job["id"])
    assert done["status"] == "succeeded"
    assert done["attempt"] >= 2
    if not undisturbed:
        other = submit(client, long_clip, "video/mp4", options=OPTIONS)
        assert finished(client, other["id"])["attempt"] == 1
        undisturbed.extend(messages_of(stores, other["id"]))
    assert messages_of(stores, job["id"]) == undisturbed
    ids = [entry for entry, _ in messages_of(stores, job["id"])]
    assert len(ids) == len(set(ids))


@pytest.mark.models
def test_a_canceled_job_ends_between_batches(
    running: Running, start_worker: StartWorker, long_clip: Path
) -> None:
    stores, client = running.stores, running.client()
    start_worker()
    job = submit(client, long_clip, "video/mp4", options=OPTIONS)
    until(lambda: stores.streams.end(job["id"])[1] > 5, "the first chunk")
    client.post(f"/jobs/{job['id']}/cancel")
    done = finished(client, job["id"], 20)
    assert (done["status"], done["error"]["code"]) == ("canceled", "canceled")
    kinds = [message["type"] for _, message in messages_of(stores, job["id"])]
    assert kinds[-2:] == ["error", "done"]
