"""A long video on two workers: the stream is that of one, whichever of them dies in the middle."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Running, StartWorker, finished, submit
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.media.probing.ffmpeg_tools import find_tools
from worker.pipeline.pipeline import Pipeline
from worker.pose.engine import PoseEngine
from worker.storage import keys
from worker.storage.stores import Stores

OPTIONS = JobOptions(exercise="squat", keypoints=True)
SEGMENT_S = 4
Said = list[tuple[str, Any]]


@pytest.fixture(scope="module")
def long_clip(walking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The walkers again and again, 14 s at 6 frames a second: four segments."""
    clip = tmp_path_factory.mktemp("long") / "long.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-stream_loop", "6", "-i", walking, "-an",
               "-r", "6", "-c:v", "libx264", "-preset", "veryfast", "-g", "30", clip]  # fmt: skip
    subprocess.run(command, check=True)
    return clip


@pytest.fixture(scope="module")
def alone(long_clip: Path, engine: PoseEngine) -> tuple[Said, list[bytes]]:
    """Messages and pose log of a single pass."""
    said, log = [], []
    for step in Pipeline(long_clip, OPTIONS, engine, segment_s=SEGMENT_S).steps():
        said += [(entry.id, json.loads(encode(entry.message))) for entry in step.entries]
        log += [step.log] if step.log else []
    return said, log


def until(condition: Callable[[], bool], what: str, timeout_s: float = 90) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def messages_of(stores: Stores, job_id: str) -> Said:
    """All but `done` and links: a claim check's URL names the job."""
    rows = [(entry, json.loads(data)) for entry, kind, data in stores.streams.scan(job_id)]
    assert rows[-1][1]["type"] == "done"
    return rows[:-1]


@pytest.mark.models
@pytest.mark.parametrize("dies", ["helper", "lead"])
def test_two_workers_say_what_one_does(
    running: Running, start_worker: StartWorker, long_clip: Path, tmp_path: Path,
    alone: tuple[Said, list[bytes]], monkeypatch: pytest.MonkeyPatch, dies: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("POSEQUEUE_SEGMENT_S", str(SEGMENT_S))
    monkeypatch.setenv("POSEQUEUE_INLINE_BYTES", str(10**7))
    stores, client = running.stores, running.client()
    workers = [start_worker(), start_worker()]
    logs = [tmp_path / f"worker-{number}.log" for number in range(2)]
    options = {"exercise": "squat", "keypoints": True}
    job_id = submit(client, long_clip, "video/mp4", options=options)["id"]

    def helpers() -> list[int]:
        return [n for n, log in enumerate(logs) if "segment_claimed" in log.read_text()]

    until(lambda: bool(helpers()), "somebody who helps")
    helper = helpers()[0]
    parts = keys.parts(job_id)
    until(
        lambda: any(name.endswith(b":chunks") for name in stores.redis.hkeys(parts)),
        "the first chunk of a helper",
    )
    workers[helper if dies == "helper" else 1 - helper].kill()
    done = finished(client, job_id, 120)
    assert done["status"] == "succeeded"
    assert done["attempt"] == (2 if dies == "lead" else 1)
    said, log = alone
    assert list(stores.poses.read(job_id)) == log
    assert messages_of(stores, job_id) == said
    assert done["usage"]["mediaSeconds"] == pytest.approx(14, abs=0.5)
    until(lambda: stores.usage.of_month("acme").jobs > 0, "the usage")
    assert stores.usage.of_month("acme").jobs == 1
    until(lambda: not stores.redis.exists(keys.parts(job_id)), "nothing to be left")
