"""Jobs that kill the process that runs them: tried three times, alone from the second time on."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.poisoned import OURS
from tests.storage.factories import new_job
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.embedded.processes import Process
from worker.media.probing.ffmpeg_tools import find_tools
from worker.pipeline.pipeline import Pipeline
from worker.pose.engine import PoseEngine
from worker.queueing import celery_app
from worker.settings import Settings
from worker.storage.stores import Stores

OPTIONS = JobOptions(exercise="squat", keypoints=True, progression=True)
UPLOAD = "uploads/acme/upl_1"
Said = list[tuple[str, Any]]


@pytest.fixture
def clip(walking: Path, tmp_path: Path) -> Path:
    """The walkers for four seconds at 6 frames a second: two chunks."""
    path = tmp_path / "clip.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-stream_loop", "1", "-i", walking, "-an",
               "-r", "6", "-c:v", "libx264", "-preset", "ultrafast", path]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    return path


def wait_for(condition: Callable[[], bool], worker: Process, what: str) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}:\n{worker.tail(6000)}"
        time.sleep(0.1)


def undisturbed(clip: Path, engine: PoseEngine) -> Said:
    steps = Pipeline(clip, OPTIONS, engine).steps()
    return [(e.id, json.loads(encode(e.message))) for step in steps for e in step.entries]


def said(stores: Stores, job: Job) -> Said:
    return [(entry, json.loads(data)) for entry, _, data in stores.streams.scan(job.id)]


@pytest.mark.models
def test_poison_is_given_up_and_harms_nobody(
    stores: Stores, settings: Settings, clip: Path, engine: PoseEngine, tmp_path: Path
) -> None:
    """It crashes its process, then hangs, then eats all memory."""
    celery_app.app.conf.broker_url = settings.redis_url.get_secret_value()
    stores.objects.put(UPLOAD, clip.read_bytes(), "video/mp4")
    common: dict[str, Any] = {"input": JobInput(key=UPLOAD), "options": OPTIONS}
    poison = new_job(stores, metadata={"poison": True}, **common)
    sound = [new_job(stores, **common) for _ in range(2)]
    stores.fair_queue.push([poison, *sound], None)
    environment = {
        "POSEQUEUE_WORKER_QUEUES": "pose.cpu",
        "POSEQUEUE_LEASE_TTL_S": "2",
        "POSEQUEUE_ALONE_MEMORY_BYTES": str(1 << 30),
    }
    with Process([*OURS, "worker", "2"], tmp_path / "log", environment) as worker:
        for job in (poison, *sound):
            wait_for(lambda job=job: stores.jobs.over(job.id), worker, job.id)  # type: ignore[misc]
        log = worker.log.read_text()
    over = stores.jobs.get(poison.id)
    assert over.error is not None
    assert (over.status, over.error["code"], over.lost) == (JobStatus.FAILED, "worker_lost", 3)
    assert [message["type"] for _, message in said(stores, poison)] == ["error", "done"]
    expected = undisturbed(clip, engine)
    for job in sound:
        over = stores.jobs.get(job.id)
        assert (over.status, over.lost, over.attempt) == (JobStatus.SUCCEEDED, 0, 1)
        messages = said(stores, job)
        assert messages[-1][1]["type"] == "done"
        assert messages[:-1] == expected
    attempts = [place.decode().split(":") for place in stores.redis.lrange("test:attempts", 0, -1)]
    tried = Counter((kind, how) for kind, how, _ in attempts)
    assert tried == {("sound", "worker"): 2, ("poison", "worker"): 1, ("poison", "alone"): 2}
    assert len({process for _, how, process in attempts if how == "alone"}) == 2
    for sign in ("signal 11", "Timeout (0:00:01)!", "memory_ran_out"):
        assert sign in log
