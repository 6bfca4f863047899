"""The worker of load tests, which takes every job's poses from one recorded log."""

from __future__ import annotations

import importlib
import sys

import pytest

from tests.storage.factories import new_job
from tests.synthetic.perform import Script, perform, split
from worker.contract.jobs import JobInput, JobStatus
from worker.contract.pose_log import END
from worker.contract.poses import encode_chunk, encode_head
from worker.jobs import runner
from worker.lifecycle.completion import complete_job
from worker.pose.engine import PoseEngine
from worker.queueing.dispatch import dispatch_next
from worker.storage.stores import Stores

_NAME = "deploy.load.simulated_estimator"


def _no_models() -> PoseEngine:
    raise AssertionError("the models are loaded")


def test_a_job_counts_what_was_recorded_and_reads_no_file(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.runtime import tasks

    head, chunk = perform(Script(move="squat", depths=(1.0, 1.0), fps=20.0))
    log = [encode_head(head), *map(encode_chunk, split(chunk, [50, 50])), END]
    recorded = new_job(stores)
    token = stores.leases.claim(recorded.id).token
    stores.leases.commit(recorded.id, token, place=0, log=log)
    complete_job(stores, recorded, token, JobStatus.SUCCEEDED)

    for module, name in ((runner, "analyse"), (tasks, "warm")):  # what the module replaces
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setenv("SIMULATED_POSES_OF", recorded.id)
    monkeypatch.delitem(sys.modules, _NAME, raising=False)
    importlib.import_module(_NAME)
    assert tasks.warm() is None
    job = new_job(stores, input=JobInput(url="http://none.example/never-fetched.mp4"))
    stores.fair_queue.push([job], None)
    assert dispatch_next(stores, runner.Runner(stores, _no_models).run, "pose.cpu") == job.id
    over = stores.jobs.get(job.id)
    assert over.status is JobStatus.SUCCEEDED and over.result is not None
    assert over.result.count == 2
